package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Workload;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/// llama.cpp's server: `POST /completion`, with the answer streamed as server-sent events, one for each token.
///
/// At the end of an answer the server parses the whole text, and reports an error if it is not valid text, as with
/// random weights. All tokens were computed by then, so such an answer counts as complete.
final class LlamaServer implements Server {
    private static final Pattern PREDICTED = Pattern.compile("\"tokens_predicted\":(\\d+)");
    private static final String NO_TEXT = "does not match the expected";
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final URI completion;
    private final AtomicInteger withoutText = new AtomicInteger();
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

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
        var answers = new Answers(workload);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var ends = new ArrayList<Future<Void>>();
            long begin = System.nanoTime();
            for (int i = 0; i < prompts.length; i++) {
                int request = i;
                var demand = workload.demands().get(i);
                var post = post(prompts[i], demand.tokens());
                waitUntil(begin + Answers.arrivalNanos(demand));
                ends.add(threads.submit(() -> ask(post, request, demand.tokens(), answers, begin)));
            }
            for (var end : ends) {
                end.get();
            }
            return answers;
        } catch (ExecutionException e) {
            throw new IllegalStateException("llama.cpp's server at " + completion + " did not answer: "
                    + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for answers", e);
        }
    }

    private HttpRequest post(int[] prompt, int tokens) {
        String body = "{\"prompt\":" + Arrays.toString(prompt) + ",\"n_predict\":" + tokens
                + ",\"ignore_eos\":true,\"temperature\":0,\"stream\":true,\"cache_prompt\":false}";
        return HttpRequest.newBuilder(completion).timeout(PATIENCE).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    }

    private Void ask(HttpRequest post, int request, int tokens, Answers answers, long begin)
            throws IOException, InterruptedException {
        var response = client.send(post, BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode());
        }
        String[] last = new String[1];
        response.body().forEach(line -> {
            if (line.startsWith("data:")) {
                answers.token(request, System.nanoTime() - begin);
                last[0] = line;
            }
        });
        String end = last[0] == null ? "" : last[0];
        var predicted = PREDICTED.matcher(end);
        if (end.contains(NO_TEXT)) {
            withoutText.incrementAndGet();
        } else if (!predicted.find() || Integer.parseInt(predicted.group(1)) != tokens) {
            throw new IOException("expected " + tokens + " tokens, the last event was " + end);
        }
        return null;
    }

    static void waitUntil(long nanoTime) {
        for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
