package dev.flover.http;

import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.ReadChunk;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The chunks of all answers to one HTTP request, in the order in which they arrive. If the request has several
/// prompts, a virtual thread reads the answers to each prompt.
final class Answers implements AutoCloseable {
    private static final int QUEUED = 64;
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final List<AnswerStream> streams;
    private final @Nullable BlockingQueue<Outcome> queue;
    private final List<Thread> threads;
    private int running;

    /// A chunk with the prompt that it answers.
    ///
    /// @param prompt number of the prompt in the HTTP request, from 0
    record Numbered(int prompt, ReadChunk read) {}

    private sealed interface Outcome {
        record Chunk(Numbered chunk) implements Outcome {}

        record Ended() implements Outcome {}

        record Failed(RuntimeException problem) implements Outcome {}
    }

    /// Takes ownership of the streams, one for each prompt.
    Answers(List<AnswerStream> streams) {
        this.streams = List.copyOf(streams);
        running = streams.size();
        if (running == 1) {
            queue = null;
            threads = List.of();
        } else {
            var out = new ArrayBlockingQueue<Outcome>(QUEUED);
            queue = out;
            threads = IntStream.range(0, running)
                    .mapToObj(prompt -> Thread.ofVirtual().start(() -> pump(prompt, out))).toList();
        }
    }

    private void pump(int prompt, BlockingQueue<Outcome> out) {
        try {
            out.put(pumped(prompt, out));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();     // the caller has left
        }
    }

    private Outcome pumped(int prompt, BlockingQueue<Outcome> out) throws InterruptedException {
        var stream = streams.get(prompt);
        try {
            while (!stream.isEnded()) {
                var next = stream.next(LOOK);
                if (next.isPresent()) {
                    out.put(new Outcome.Chunk(new Numbered(prompt, next.get())));
                }
            }
            return new Outcome.Ended();
        } catch (RuntimeException e) {
            return new Outcome.Failed(e);
        }
    }

    boolean isEnded() {
        return running == 0;
    }

    /// Returns the next chunk of any prompt; empty if none arrives within `wait`, and after the last one.
    Optional<Numbered> next(Duration wait) throws InterruptedException {
        if (queue == null) {
            var next = streams.getFirst().next(wait);
            running = streams.getFirst().isEnded() ? 0 : 1;
            return next.map(read -> new Numbered(0, read));
        }
        while (running > 0) {
            switch (queue.poll(wait.toNanos(), TimeUnit.NANOSECONDS)) {
                case null -> {
                    return Optional.empty();
                }
                case Outcome.Chunk(Numbered chunk) -> {
                    return Optional.of(chunk);
                }
                case Outcome.Ended() -> running--;
                case Outcome.Failed(RuntimeException problem) -> throw problem;
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        streams.forEach(AnswerStream::close);
    }
}
