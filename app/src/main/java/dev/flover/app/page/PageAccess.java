package dev.flover.app.page;

import com.sun.net.httpserver.Headers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/// Decides what a request to the page may see and do.
///
/// A web page of another site that a browser on this machine shows can send requests to loopback addresses. It is
/// refused, because its requests carry its own origin or, after it has let its own name resolve to loopback, that name
/// as their host.
///
/// @param onLoopback whether the page is served on a loopback address
/// @param hosts      accepted names of hosts besides those of the loopback address, in lower case
/// @param token      the token that texts and actions need; asked for each request, since its file may change
record PageAccess(boolean onLoopback, Set<String> hosts, Supplier<String> token) {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]|::1");
    private static final String BEARER = "Bearer ";
    private static final int TOKEN_BYTES = 16;

    PageAccess {
        hosts = Set.copyOf(hosts);
    }

    /// Makes a token that cannot be guessed.
    static String randomToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /// Returns why a request is refused because of the host or the origin that it names; empty if it is not.
    Optional<String> refusal(Headers headers) {
        String host = Optional.ofNullable(headers.getFirst("Host")).orElse("").toLowerCase(Locale.ROOT);
        String name = host.replaceFirst(":\\d+$", "");
        boolean anyHost = !onLoopback && hosts.isEmpty();
        if (!anyHost && !LOOPBACK.matcher(name).matches() && !hosts.contains(name)) {
            return Optional.of("the Host must be a name of the loopback address or one of page-hosts, was "
                    + (name.isEmpty() ? "missing" : name));
        }
        String origin = headers.getFirst("Origin");
        if (origin != null && !origin.toLowerCase(Locale.ROOT).equals("http://" + host)
                && !origin.toLowerCase(Locale.ROOT).equals("https://" + host)) {
            return Optional.of("requests of pages from " + origin + " are not accepted");
        }
        return Optional.empty();
    }

    /// Whether a request has the token, which texts and actions need.
    boolean hasToken(Headers headers) {
        String given = headers.getFirst("Authorization");
        return given != null && given.startsWith(BEARER) && MessageDigest.isEqual(
                token.get().getBytes(StandardCharsets.UTF_8),
                given.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8));
    }

    /// Whether a request may see the ids and tenants of requests.
    boolean mayNameRequests(Headers headers) {
        return onLoopback || hasToken(headers);
    }
}
