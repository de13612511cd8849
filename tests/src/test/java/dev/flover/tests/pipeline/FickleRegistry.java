package dev.flover.tests.pipeline;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/// A proxy in front of a registry that answers by itself for the schemas that a test names, and forwards all other
/// calls.
final class FickleRegistry implements AutoCloseable {
    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();
    private final String registry;
    private final Map<Integer, Answer> answers = new ConcurrentHashMap<>();
    private final Map<Integer, AtomicInteger> asked = new ConcurrentHashMap<>();
    private volatile Answer ofSubjects;

    private record Answer(int status, String body) {}

    private FickleRegistry(String registry) throws IOException {
        this.registry = registry;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    static FickleRegistry before(String registry) throws IOException {
        return new FickleRegistry(registry);
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /// Sets the answer to all later requests for this schema.
    void answers(int schema, int status, String body) {
        answers.put(schema, new Answer(status, body));
    }

    /// Sets the answer to all later requests for the versions of any subject.
    void answersForSubjects(int status, String body) {
        ofSubjects = new Answer(status, body);
    }

    void recoversForSubjects() {
        ofSubjects = null;
    }

    /// Lets the registry itself answer again for this schema.
    void recovers(int schema) {
        answers.remove(schema);
    }

    int asked(int schema) {
        return asked.getOrDefault(schema, new AtomicInteger()).get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().toString();
            var body = exchange.getRequestBody().readAllBytes();
            var answer = prepared(exchange.getRequestURI().getPath());
            if (answer == null) {
                boolean asks = exchange.getRequestMethod().equals("GET") && path.startsWith("/subjects/");
                answer = asks && ofSubjects != null ? ofSubjects : forward(exchange.getRequestMethod(), path, body);
            }
            var bytes = answer.body().getBytes(java.nio.charset.StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/vnd.schemaregistry.v1+json");
            exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private Answer prepared(String path) {
        if (!path.startsWith("/schemas/ids/")) {
            return null;
        }
        int schema = Integer.parseInt(path.substring("/schemas/ids/".length()));
        asked.computeIfAbsent(schema, id -> new AtomicInteger()).incrementAndGet();
        return answers.get(schema);
    }

    private Answer forward(String method, String path, byte[] body) throws IOException {
        var request = HttpRequest.newBuilder(URI.create(registry + path))
                .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body)).build();
        try {
            var response = client.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        client.close();
    }
}
