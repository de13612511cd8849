package dev.flover.benchmarks.delivery;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A proxy in front of the registry that can delay answers or answer with an error by itself.
final class RegistryFront implements AutoCloseable {
    private static final int NOT_FOUND = 404;
    private static final int UNAVAILABLE = 503;
    private static final long SLOW_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final String JSON = "application/vnd.schemaregistry.v1+json";

    private final String registry;
    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private volatile Manner manner = Manner.USUAL;

    enum Manner { USUAL, AWAY, LOST, SLOW }

    private record Answer(int status, String type, byte[] body) {}

    private RegistryFront(String registry) throws IOException {
        this.registry = registry;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(executor);
        server.createContext("/", this::handle);
        server.start();
    }

    /// @param registry the registry's address
    static RegistryFront before(String registry) {
        try {
            return new RegistryFront(registry);
        } catch (IOException e) {
            throw new CommandException("nothing can listen before the registry: " + e.getMessage(), e);
        }
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    void behave(Manner other) {
        manner = other;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            var answer = switch (manner) {
                case USUAL -> forward(exchange, body);
                case AWAY -> new Answer(UNAVAILABLE, JSON, "{\"error_code\":50003,\"message\":\"away\"}"
                        .getBytes(StandardCharsets.UTF_8));
                case LOST -> new Answer(NOT_FOUND, "text/html", "<html>no such backend</html>"
                        .getBytes(StandardCharsets.UTF_8));
                case SLOW -> {
                    LockSupport.parkNanos(SLOW_NANOS);
                    yield forward(exchange, body);
                }
            };
            exchange.getResponseHeaders().set("Content-Type", answer.type());
            exchange.sendResponseHeaders(answer.status(), answer.body().length == 0 ? -1 : answer.body().length);
            exchange.getResponseBody().write(answer.body());
        }
    }

    private Answer forward(HttpExchange exchange, byte[] body) throws IOException {
        var request = HttpRequest.newBuilder(URI.create(registry + exchange.getRequestURI()))
                .header("Content-Type", JSON)
                .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body)).build();
        try {
            var response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            return new Answer(response.statusCode(), JSON, response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        executor.close();
        client.close();
    }
}
