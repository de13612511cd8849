package dev.flover.http;

import dev.flover.http.access.AccessTokens;
import dev.flover.http.access.Grant;
import dev.flover.http.openai.ApiError;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Who may ask at all.
///
/// A web page may send requests to whatever its visitor's machine reaches. So the name under which the bridge is asked
/// has to be one of its own, the page's origin has to be allowed, and a body has to be declared as JSON, which a page
/// may do only where that is allowed.
final class Guard {
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final String BEARER = "bearer ";

    private final BridgeConfig.Access access;
    private final AccessTokens tokens;
    private final boolean onLoopback;

    /// @param tokens null where everybody may ask
    Guard(BridgeConfig config, AccessTokens tokens) {
        access = config.access();
        this.tokens = tokens;
        onLoopback = Bridge.isLoopback(config.host());
    }

    /// @throws ApiError where the request comes from where none may come
    void requireOrigin(Exchange exchange) {
        String host = exchange.header("Host").map(Guard::nameOf).orElse("");
        boolean anyHost = !onLoopback && access.hosts().isEmpty();
        if (!anyHost && !LOOPBACK.contains(host) && !access.hosts().contains(host)) {
            throw ApiError.forbidden("host", "the Host must be a name of the loopback address or one of --http-hosts, "
                    + "was " + host);
        }
        var origin = exchange.header("Origin");
        if (origin.isPresent() && !isAllowed(origin.get()) && !isOwn(origin.get(), exchange)) {
            throw ApiError.forbidden("origin", "the origin " + origin.get() + " may not ask here; --http-origins names "
                    + "those that may");
        }
    }

    boolean isAllowed(String origin) {
        return access.origins().contains("*") || access.origins().contains(origin);
    }

    private static boolean isOwn(String origin, Exchange exchange) {
        return exchange.header("Host").filter(host -> origin.equals("http://" + host)).isPresent();
    }

    private static String nameOf(String host) {
        try {
            String name = URI.create("http://" + host).getHost();
            return name == null ? host : name.toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return host;
        }
    }

    /// @throws ApiError where a token is needed and this is none
    Grant grant(Exchange exchange) {
        if (tokens == null) {
            return Grant.ALL;
        }
        Optional<String> said = exchange.header("Authorization")
                .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(value -> value.substring(BEARER.length()).strip());
        return said.flatMap(tokens::grant).orElseThrow(() -> ApiError.unauthorized(said.isEmpty()
                ? "a token is needed: Authorization: Bearer TOKEN" : "the token is not known"));
    }

    /// @throws ApiError if the body is not declared as JSON
    static void requireJson(Exchange exchange) {
        String type = exchange.header("Content-Type").orElse("");
        if (!type.split(";")[0].strip().equalsIgnoreCase("application/json")) {
            throw ApiError.of(415, "content_type", "the Content-Type must be application/json, was "
                    + (type.isEmpty() ? "missing" : type));
        }
    }
}
