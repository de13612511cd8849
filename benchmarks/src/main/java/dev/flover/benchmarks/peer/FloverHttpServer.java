package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.model.Model;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Arrays;

/// A Flover pipeline behind its HTTP bridge: each answer is a stream of committed tokens.
final class FloverHttpServer implements Server, StreamingClient.Form {
    private static final String END = "[DONE]";

    private final FloverServer server;
    private final URI completions;
    private final StreamingClient client = new StreamingClient(this);

    /// @param sequences the most sequences at the same time
    /// @param positions the most positions of a request
    FloverHttpServer(Model model, String backend, int sequences, int positions, Duration commitInterval) {
        server = new FloverServer(model, backend, sequences, positions, commitInterval);
        completions = URI.create(server.bridge().url() + "/v1/completions");
    }

    @Override
    public String name() {
        return "Flover, through HTTP";
    }

    @Override
    public Answers answer(Workload workload, int[][] prompts) {
        return client.answer(workload, prompts);
    }

    @Override
    public HttpRequest.Builder post(int[] prompt, int tokens) {
        String body = "{\"prompt\":" + Arrays.toString(prompt) + ",\"max_tokens\":" + tokens
                + ",\"ignore_eos\":true,\"temperature\":0,\"stream\":true}";
        return HttpRequest.newBuilder(completions).POST(HttpRequest.BodyPublishers.ofString(body));
    }

    @Override
    public boolean hasTokens(String event) {
        return !event.contains(END);
    }

    @Override
    public void requireComplete(String last, int tokens) throws IOException {
        if (!last.contains(END)) {
            throw new IOException("expected a stream that ends with " + END + ", the last event was " + last);
        }
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
