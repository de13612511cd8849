package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Workload;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/// llama.cpp's server: `POST /completion`, with the answer streamed as server-sent events, one for each token.
///
/// At the end of an answer the server parses the whole text, and reports an error if it is not valid text, as with
/// random weights. All tokens were computed by then, so such an answer counts as complete.
final class LlamaServer implements Server, StreamingClient.Form {
    private static final Pattern PREDICTED = Pattern.compile("\"tokens_predicted\":(\\d+)");
    private static final String NO_TEXT = "does not match the expected";

    private final URI completion;
    private final AtomicInteger withoutText = new AtomicInteger();
    private final StreamingClient client = new StreamingClient(this);

    LlamaServer(URI address) {
        completion = address.resolve("/completion");
    }

    @Override
    public String name() {
        return "llama.cpp's server";
    }

    /// Returns the number of answers so far whose text the server could not parse.
    int withoutText() {
        return withoutText.get();
    }

    @Override
    public Answers answer(Workload workload, int[][] prompts) {
        return client.answer(workload, prompts);
    }

    @Override
    public HttpRequest.Builder post(int[] prompt, int tokens) {
        String body = "{\"prompt\":" + Arrays.toString(prompt) + ",\"n_predict\":" + tokens
                + ",\"ignore_eos\":true,\"temperature\":0,\"stream\":true,\"cache_prompt\":false}";
        return HttpRequest.newBuilder(completion).POST(HttpRequest.BodyPublishers.ofString(body));
    }

    @Override
    public boolean hasTokens(String event) {
        return true;
    }

    @Override
    public void requireComplete(String last, int tokens) throws IOException {
        var predicted = PREDICTED.matcher(last);
        if (last.contains(NO_TEXT)) {
            withoutText.incrementAndGet();
        } else if (!predicted.find() || Integer.parseInt(predicted.group(1)) != tokens) {
            throw new IOException("expected " + tokens + " tokens, the last event was " + last);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
