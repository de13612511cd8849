package dev.flover.embedded;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.confluent.kafka.schemaregistry.client.rest.Versions;
import io.confluent.kafka.schemaregistry.client.rest.entities.ErrorMessage;
import io.confluent.kafka.schemaregistry.utils.JacksonMapper;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A schema registry inside this process, on the loopback address, compatible with Confluent's clients.
///
/// Parsing, compatibility rules, entities and error codes come from Confluent's client library. It supports Avro only.
/// Registrations are kept in the folder and have the same ids after a restart.
public final class EmbeddedRegistry implements AutoCloseable {
    private static final int OK = 200;
    private static final int INTERNAL_ERROR = 500;
    private static final String PORT_FILE = "port";
    private static final int MAX_PORT = 65_535;

    private final RegistryApi api = new RegistryApi();
    private final RegistryJournal journal;
    private final HttpServer server;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    private EmbeddedRegistry(Path file, int port) throws IOException {
        journal = RegistryJournal.open(file);
        try {
            replay(file);
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException | RuntimeException e) {
            journal.close();
            throw e;
        }
        server.createContext("/", this::handle);
        server.setExecutor(executor);
        server.start();
    }

    private EmbeddedRegistry rememberPort(Path folder) throws IOException {
        try {
            Files.writeString(folder.resolve(PORT_FILE), server.getAddress().getPort() + "\n");
            return this;
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /// Starts a registry: on the port of the folder's last run, or on a free one at the first.
    ///
    /// @throws EmbeddedServerException if the port is taken or the folder cannot be used
    public static EmbeddedRegistry start(Path folder) {
        return start(folder, lastPort(folder));
    }

    /// Starts a registry at a given port on the loopback address; 0 takes a free one.
    ///
    /// @throws EmbeddedServerException if the port is taken or the folder cannot be used
    public static EmbeddedRegistry start(Path folder, int port) {
        var file = folder.resolve("registry.jsonl");
        try {
            Files.createDirectories(folder);
            return new EmbeddedRegistry(file, port).rememberPort(folder);
        } catch (BindException e) {
            throw new EmbeddedServerException("expected port " + port + " on 127.0.0.1 to be free for the embedded"
                    + " schema registry, but another program listens there; stop it, or give --registry-port another"
                    + " port (0 takes a free one)", e);
        } catch (IOException e) {
            throw new EmbeddedServerException("the embedded schema registry could not use " + file + ": "
                    + e.getMessage(), e);
        }
    }

    /// Returns the port of the folder's last run; 0 if there is none.
    private static int lastPort(Path folder) {
        try {
            int port = Integer.parseInt(Files.readString(folder.resolve(PORT_FILE)).strip());
            return port >= 1 && port <= MAX_PORT ? port : 0;
        } catch (IOException | NumberFormatException e) {       // the first start, or another program's file
            return 0;
        }
    }

    /// The address for `schema.registry.url`.
    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.close();
        try {
            journal.close();
        } catch (IOException e) {
            throw new EmbeddedServerException("closing the schema registry's file: " + e.getMessage(), e);
        }
    }

    private void replay(Path file) throws IOException {
        for (var call : RegistryJournal.read(file)) {
            try {
                api.answer(call);
            } catch (RegistryError e) {
                throw new EmbeddedServerException("expected " + file + " to hold calls that succeeded, found one that"
                        + " fails (" + e.getMessage() + "): " + call.method() + " " + call.path()
                        + "; restore the file, or delete it and register the schemas again", e);
            }
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            try {
                send(exchange, OK, json(execute(callOf(exchange))));
            } catch (RegistryError e) {
                send(exchange, e.status(), json(new ErrorMessage(e.code(), e.getMessage())));
            } catch (IOException | RuntimeException e) {
                send(exchange, INTERNAL_ERROR, json(new ErrorMessage(50001, "the embedded registry failed: " + e)));
            }
        }
    }

    private synchronized Object execute(RegistryCall call) throws RegistryError, IOException {
        long before = api.revision();
        var answer = api.answer(call);
        if (api.revision() != before) {
            journal.append(call);
        }
        return answer;
    }

    private static RegistryCall callOf(HttpExchange exchange) throws IOException {
        var uri = exchange.getRequestURI();
        var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        return new RegistryCall(exchange.getRequestMethod(), uri.getRawPath(),
                Objects.requireNonNullElse(uri.getRawQuery(), ""), body);
    }

    private static byte[] json(Object answer) throws IOException {
        return answer instanceof RegistryApi.RawJson(var text) ? text.getBytes(StandardCharsets.UTF_8)
                : JacksonMapper.INSTANCE.writeValueAsBytes(answer);
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", Versions.SCHEMA_REGISTRY_V1_JSON);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }
}
