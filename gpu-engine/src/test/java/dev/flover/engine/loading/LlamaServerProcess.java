package dev.flover.engine.loading;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// llama.cpp's server with one model, in a process of its own.
final class LlamaServerProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long BETWEEN_QUESTIONS_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final HttpClient client = HttpClient.newHttpClient();
    private final Process process;
    private final Path log;
    private final String address;

    private LlamaServerProcess(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.address = "http://127.0.0.1:" + port;
    }

    /// Returns when the model is loaded. Keys and values are in f32, as in the reference.
    ///
    /// @throws IllegalStateException with the end of the server's log, if the server does not load the model
    static LlamaServerProcess start(Path program, Path model) throws IOException {
        return start(program, model, model.resolveSibling(model.getFileName() + ".log"),
                List.of("-fa", "off", "-ctk", "f32", "-ctv", "f32", "--swa-full"));
    }

    /// Starts the server with further options, and returns when the model is loaded.
    ///
    /// @param program a path, or a name that is looked up on the path for programs
    /// @param log     in the temporary folder of a test. The server runs in that folder, where its own files go, too
    /// @throws IllegalStateException with the end of the server's log, if the server does not load the model
    static LlamaServerProcess start(Path program, Path model, Path log, List<String> options) throws IOException {
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var executable = program.getNameCount() == 1 ? program : program.toAbsolutePath();
        var command = new ArrayList<>(List.of(
                executable.toString(), "-m", model.toAbsolutePath().toString(), "--host", "127.0.0.1", "--port",
                Integer.toString(port), "-t", "1", "-np", "1", "-c", "512", "--no-warmup"));
        command.addAll(options);
        var process = new ProcessBuilder(command).directory(log.toAbsolutePath().getParent().toFile())
                .redirectErrorStream(true).redirectOutput(Redirect.to(log.toFile())).start();
        var server = new LlamaServerProcess(process, log, port);
        try {
            server.awaitModel();
        } catch (IllegalStateException | IOException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private void awaitModel() throws IOException {
        long start = System.nanoTime();
        while (!isReady()) {
            if (!process.isAlive() || System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IllegalStateException("llama.cpp's server does not load the model: " + endOfLog());
            }
            LockSupport.parkNanos(BETWEEN_QUESTIONS_NANOS);
        }
    }

    private boolean isReady() {
        try {
            return send(HttpRequest.newBuilder(URI.create(address + "/health")).build()).statusCode() == 200;
        } catch (IOException e) {
            return false; // not yet listening, or ending; the caller sees whether it has ended
        }
    }

    private String endOfLog() throws IOException {
        var lines = Files.readAllLines(log);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
    }

    /// Continues a prompt by `count` greedy tokens.
    ///
    /// @return the server's answer, with `tokens` and `completion_probabilities`
    JsonNode complete(List<Integer> prompt, int count) throws IOException {
        return complete(prompt, count, 20, 0);
    }

    /// Continues a prompt by `count` greedy tokens.
    ///
    /// @param probabilities the number of tokens whose log-probabilities are returned for each position; they are those
    ///                      of the model's own distribution
    /// @param least         tokens with smaller ids are not drawn, so that the text is valid; 0 allows all
    JsonNode complete(List<Integer> prompt, int count, int probabilities, int least) throws IOException {
        var body = JSON.createObjectNode().put("n_predict", count).put("temperature", 0).put("n_probs", probabilities)
                .put("return_tokens", true).put("cache_prompt", false);
        body.set("prompt", JSON.valueToTree(prompt));
        for (int token = 0; token < least; token++) {
            body.withArray("logit_bias").addArray().add(token).add(false);
        }
        var response = send(HttpRequest.newBuilder(URI.create(address + "/completion"))
                .header("Content-Type", "application/json").POST(BodyPublishers.ofString(body.toString())).build());
        if (response.statusCode() != 200) {
            throw new IllegalStateException("status " + response.statusCode() + ": " + response.body());
        }
        return JSON.readTree(response.body());
    }

    private HttpResponse<String> send(HttpRequest request) throws IOException {
        try {
            return client.send(request, BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for llama.cpp's server", e);
        }
    }

    @Override
    public void close() {
        client.close();
        process.destroyForcibly();
        process.onExit().join();
    }
}
