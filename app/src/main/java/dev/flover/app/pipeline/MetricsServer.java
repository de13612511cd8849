package dev.flover.app.pipeline;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flover.app.options.CommandException;
import dev.flover.topology.Health;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/// An HTTP server for the metrics, in Prometheus' text format at `/metrics`, and for the state of the pipeline.
///
/// `/health` answers 200 while the process should be left running and 503 when the pipeline has failed; `/ready`
/// answers 200 only while requests are served. The body is a sentence.
final class MetricsServer implements AutoCloseable {
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;
    private static final int METHOD_NOT_ALLOWED = 405;

    private final HttpServer server;

    private MetricsServer(HttpServer server) {
        this.server = server;
    }

    /// @param port the port to listen on; 0 takes a free one
    /// @throws CommandException if the port is in use
    static MetricsServer start(
            String host, int port, PrometheusMeterRegistry meters, Supplier<Health> health) {
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(host, port), 0);
        } catch (BindException e) {
            throw new CommandException("port " + port + " at " + host + " is in use, or this user may not open it; "
                    + "choose another with --metrics-port, 0 for any free one", e);
        } catch (IOException e) {
            throw new CommandException("cannot listen at " + host + ":" + port + ": " + e.getMessage(), e);
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/metrics", exchange ->
                answer(exchange, OK, "text/plain; version=0.0.4; charset=utf-8", meters.scrape()));
        server.createContext("/health", exchange -> answer(exchange, health.get(), health.get().isAlive()));
        server.createContext("/ready", exchange -> answer(exchange, health.get(), health.get().isReady()));
        server.start();
        return new MetricsServer(server);
    }

    String url() {
        var address = server.getAddress();
        return "http://" + address.getHostString() + ":" + address.getPort();
    }

    private static void answer(HttpExchange exchange, Health health, boolean good) throws IOException {
        answer(exchange, good ? OK : UNAVAILABLE, "text/plain; charset=utf-8",
                health.state() + ": " + health.detail() + "\n");
    }

    private static void answer(HttpExchange exchange, int status, String type, String body) throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                exchange.sendResponseHeaders(METHOD_NOT_ALLOWED, -1);
                return;
            }
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
