package dev.flover.app.pipeline;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flover.app.options.CommandException;
import dev.flover.topology.Health;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/// An HTTP server for the metrics and the state of the pipeline.
///
/// ```
///   /metrics      Prometheus' text format                  everybody who can reach the port
///   /health       200 while the process should be left running, 503 when the pipeline has failed
///   /ready        200 only while requests are served
///   /status       the figures of `flover status`, as a JSON object
///   /generations  the waiting and live generations, as a JSON array    this machine, or with the token
///   /threads      the stacks of all threads                            this machine, or with the token
/// ```
final class MetricsServer implements AutoCloseable {
    private static final int OK = 200;
    private static final int FORBIDDEN = 403;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String JSON = "application/json";

    private final HttpServer server;
    private final ListenerAccess access;
    private final ObjectMapper json = new ObjectMapper();

    private MetricsServer(HttpServer server, ListenerAccess access) {
        this.server = server;
        this.access = access;
    }

    /// The contents of the pages. Asked on any thread.
    interface Pages {
        Health health();

        String metrics();

        /// An object for a JSON object.
        Object status();

        /// An object for a JSON array. May wait for a second or two.
        Object generations();
    }

    /// @param port the port to listen on; 0 takes a free one
    /// @throws CommandException if the port is in use, or the token cannot be read
    static MetricsServer start(String host, int port, ListenerAccess access, Pages pages) {
        access.check();
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
        var metrics = new MetricsServer(server, access);
        metrics.serve(pages);
        server.start();
        return metrics;
    }

    private void serve(Pages pages) {
        server.createContext("/metrics", exchange ->
                answer(exchange, OK, "text/plain; version=0.0.4; charset=utf-8", pages::metrics));
        server.createContext("/health", exchange -> answer(exchange, pages.health(), pages.health().isAlive()));
        server.createContext("/ready", exchange -> answer(exchange, pages.health(), pages.health().isReady()));
        server.createContext("/status", exchange -> answer(exchange, OK, JSON,
                () -> json.valueToTree(pages.status()).toString()));
        server.createContext("/generations", exchange -> answerAllowed(exchange, JSON,
                () -> json.valueToTree(pages.generations()).toString()));
        server.createContext("/threads", exchange -> answerAllowed(exchange, TEXT, Threads::stacks));
    }

    /// The address of the server on this machine.
    String url() {
        var address = server.getAddress();
        String host = address.getAddress().isAnyLocalAddress() ? "127.0.0.1" : address.getHostString();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    private static void answer(HttpExchange exchange, Health health, boolean good) throws IOException {
        answer(exchange, good ? OK : UNAVAILABLE, TEXT, () -> health.state() + ": " + health.detail() + "\n");
    }

    private void answerAllowed(HttpExchange exchange, String type, Supplier<String> body) throws IOException {
        var refusal = access.refusal(exchange);
        if (refusal.isPresent()) {
            answer(exchange, FORBIDDEN, TEXT, () -> refusal.get() + "\n");
        } else {
            answer(exchange, OK, type, body);
        }
    }

    private static void answer(HttpExchange exchange, int status, String type, Supplier<String> body)
            throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                exchange.sendResponseHeaders(METHOD_NOT_ALLOWED, -1);
                return;
            }
            byte[] bytes = body.get().getBytes(StandardCharsets.UTF_8);
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
