package dev.flover.app.pipeline;

import com.sun.net.httpserver.HttpExchange;
import dev.flover.app.connection.PipelineListener;
import dev.flover.app.options.CommandException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Pattern;

/// Decides who may read the pages that name requests or threads: programs on this machine, and clients
/// that send the token.
///
/// A web page that a browser on this machine shows is refused: its requests carry an Origin, or the host name by which
/// it was loaded.
///
/// @param tokenFile a file with the token in its first line; read again for each request, since it may change
record ListenerAccess(Optional<Path> tokenFile) {
    private static final String BEARER = "Bearer ";
    /// Names of the loopback address. No other name counts, even if it resolves to that address: the owner of any name
    /// can make it resolve to the loopback address.
    private static final Pattern LOOPBACK =
            Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])(:\\d+)?", Pattern.CASE_INSENSITIVE);

    /// Returns the reason why a request is refused; empty if it is not.
    Optional<String> refusal(HttpExchange exchange) {
        var headers = exchange.getRequestHeaders();
        String given = headers.getFirst("Authorization");
        if (given != null) {
            return isRight(given) ? Optional.empty()
                    : Optional.of("the token is not the one in the file of metrics-token");
        }
        boolean here = exchange.getRemoteAddress().getAddress().isLoopbackAddress()
                && !headers.containsKey("Origin") && isLoopback(headers.getFirst("Host"));
        return here ? Optional.empty() : Optional.of("this page is for programs on the pipeline's machine; others have "
                + "to send the token of the setting metrics-token as a bearer token");
    }

    private boolean isRight(String given) {
        try {
            return given.startsWith(BEARER) && token().map(token -> MessageDigest.isEqual(
                    token.getBytes(StandardCharsets.UTF_8),
                    given.substring(BEARER.length()).strip().getBytes(StandardCharsets.UTF_8))).orElse(false);
        } catch (CommandException e) {      // the file cannot be read any more
            return false;
        }
    }

    private static boolean isLoopback(String host) {
        return host != null && LOOPBACK.matcher(host).matches();
    }

    private Optional<String> token() {
        return tokenFile.map(PipelineListener::token);
    }

    /// Checks that the token can be read.
    ///
    /// @throws CommandException if it cannot
    void check() {
        token();
    }
}
