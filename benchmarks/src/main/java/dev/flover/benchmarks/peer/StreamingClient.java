package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Demand;
import dev.flover.benchmarks.workload.Workload;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/// Asks an HTTP server that streams answers as server-sent events, and notes when the events arrive.
final class StreamingClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String DATA = "data:";

    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Form form;

    /// The form of a server's requests and events.
    interface Form {
        HttpRequest.Builder post(int[] prompt, int tokens);

        /// Tells whether an event has tokens.
        boolean hasTokens(String event);

        /// @param last the last event of an answer; empty if there was none
        /// @throws IOException if the answer is not complete
        void requireComplete(String last, int tokens) throws IOException;
    }

    StreamingClient(Form form) {
        this.form = form;
    }

    /// Sends each request when it arrives, and returns when all are answered.
    Answers answer(Workload workload, int[][] prompts) {
        var answers = new Answers(workload);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var ends = new ArrayList<Future<Void>>();
            long begin = System.nanoTime();
            for (int i = 0; i < prompts.length; i++) {
                int request = i;
                var demand = workload.demands().get(i);
                var post = form.post(prompts[i], demand.tokens()).timeout(PATIENCE)
                        .header("Content-Type", "application/json").build();
                waitUntil(begin + Answers.arrivalNanos(demand));
                ends.add(threads.submit(() -> ask(post, request, demand, answers, begin)));
            }
            for (var end : ends) {
                end.get();
            }
            return answers;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the server did not answer: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for answers", e);
        }
    }

    private Void ask(HttpRequest post, int request, Demand demand, Answers answers, long begin)
            throws IOException, InterruptedException {
        var response = client.send(post, BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode() + " of " + post.uri());
        }
        String[] last = {""};
        response.body().forEach(line -> {
            if (line.startsWith(DATA)) {
                last[0] = line.substring(DATA.length());
                if (form.hasTokens(last[0])) {
                    answers.token(request, System.nanoTime() - begin);
                }
            }
        });
        form.requireComplete(last[0], demand.tokens());
        return null;
    }

    private static void waitUntil(long nanoTime) {
        for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
