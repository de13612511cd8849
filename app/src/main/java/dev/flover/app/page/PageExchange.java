package dev.flover.app.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One HTTP request and its answer, with the headers that every answer of the page has.
final class PageExchange implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_BODY = 4 << 20;

    private final HttpExchange exchange;

    PageExchange(HttpExchange exchange) {
        this.exchange = exchange;
        var headers = exchange.getResponseHeaders();
        headers.set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Cache-Control", "no-store");
    }

    Headers headers() {
        return exchange.getRequestHeaders();
    }

    String method() {
        return exchange.getRequestMethod();
    }

    String path() {
        return exchange.getRequestURI().getPath();
    }

    boolean isJson() {
        String type = headers().getFirst("Content-Type");
        return type != null && type.split(";")[0].strip().equalsIgnoreCase("application/json");
    }

    /// Returns a parameter of the query.
    ///
    /// @throws PageException if it is missing
    String parameter(String name) {
        String value = parameter(name, null);
        if (value == null) {
            throw PageException.badRequest("the parameter " + name + " is missing");
        }
        return value;
    }

    /// Returns a parameter of the query, or another value if it is missing.
    @Nullable String parameter(String name, @Nullable String otherwise) {
        String query = exchange.getRequestURI().getRawQuery();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            if (pair.startsWith(name + "=")) {
                return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
            }
        }
        return otherwise;
    }

    /// Reads the body, a JSON object.
    ///
    /// @throws PageException if it is not one, or too large
    JsonNode body() throws IOException {
        byte[] bytes = exchange.getRequestBody().readNBytes(MOST_BODY + 1);
        if (bytes.length > MOST_BODY) {
            throw new PageException(413, "the body is larger than " + MOST_BODY + " bytes");
        }
        try {
            var body = JSON.readTree(bytes);
            if (body == null || !body.isObject()) {
                throw PageException.badRequest("the body must be a JSON object");
            }
            return body;
        } catch (JsonProcessingException e) {
            throw PageException.badRequest("the body is not JSON: " + e.getOriginalMessage());
        }
    }

    void send(int status, String type, byte[] bytes) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    void sendJson(Object value) throws IOException {
        send(200, "application/json", JSON.writeValueAsBytes(value));
    }

    /// Begins an answer of unknown length.
    OutputStream begin(String type) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(200, 0);
        return exchange.getResponseBody();
    }

    /// Answers with an error, unless the answer has begun.
    void fail(int status, String message) throws IOException {
        if (exchange.getResponseCode() < 0) {
            send(status, "application/json", JSON.writeValueAsBytes(Map.of("error", message)));
        }
    }

    void allow(String method) throws IOException {
        exchange.getResponseHeaders().set("Allow", method);
        fail(405, "the method must be " + method);
    }

    @Override
    public void close() {
        exchange.close();
    }
}
