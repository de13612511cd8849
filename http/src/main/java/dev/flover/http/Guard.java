package dev.flover.http;

import dev.flover.http.access.AccessTokens;
import dev.flover.http.access.Grant;
import dev.flover.http.openai.ApiError;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Checks whether a request is allowed at all: its host, its origin, its token and its content type.
///
/// A web page may send requests to any server that its visitor's machine can reach. So the `Host` header must be a name
/// of the bridge, the page's origin must be allowed, and a body must be declared as JSON, which browsers permit to
/// other origins' pages only if the server allows it.
final class Guard {
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final String BEARER = "bearer ";

    private final BridgeConfig.Access access;
    private final @Nullable AccessTokens tokens;
    private final boolean onLoopback;

    /// @param tokens the allowed tokens; null if no token is needed
    Guard(BridgeConfig config, @Nullable AccessTokens tokens) {
        access = config.access();
        this.tokens = tokens;
        onLoopback = Bridge.isLoopback(config.host());
    }

    /// @throws ApiError if the host or the origin of the request is not allowed
    void requireOrigin(Exchange exchange) {
        String host = exchange.header("Host").map(Guard::nameOf).orElse("");
        boolean anyHost = !onLoopback && access.hosts().isEmpty();
        if (!anyHost && !LOOPBACK.contains(host) && !access.hosts().contains(host)) {
            throw ApiError.forbidden("host", "the Host must be a name of the loopback address or one of --http-hosts, "
                    + "was " + host);
        }
        var origin = exchange.header("Origin");
        if (origin.isPresent() && !isAllowed(origin.get()) && !isOwn(origin.get(), exchange)) {
            throw ApiError.forbidden("origin", "requests from the origin " + origin.get()
                    + " are not accepted; --http-origins lists the accepted origins");
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

    /// Returns the rights of the request's token.
    ///
    /// @throws ApiError if a token is needed, and the request has none or an unknown one
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
