package dev.flover.http;

import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.DrawnChunks;
import dev.flover.http.topics.ReadChunk;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/// The drawn and the committed chunks of one request, in the order in which they arrive. A virtual thread reads each
/// kind.
final class EagerChunks implements AutoCloseable {
    private static final int QUEUED = 64;
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final AnswerStream committed;
    private final DrawnChunks drawn;
    private final BlockingQueue<Come> queue = new ArrayBlockingQueue<>(QUEUED);
    private final List<Thread> threads;

    sealed interface Come {
        record Drawn(ReadChunk read) implements Come {}

        record Committed(ReadChunk read) implements Come {}

        record Failed(RuntimeException problem) implements Come {}
    }

    private interface Reading {
        void run() throws InterruptedException;
    }

    /// Takes ownership of both.
    EagerChunks(AnswerStream committed, DrawnChunks drawn) {
        this.committed = committed;
        this.drawn = drawn;
        threads = List.of(start(this::readCommitted), start(this::readDrawn));
    }

    private Thread start(Reading reading) {
        return Thread.ofVirtual().start(() -> {
            try {
                try {
                    reading.run();
                } catch (RuntimeException e) {
                    queue.put(new Come.Failed(e));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();     // the caller has left
            }
        });
    }

    private void readCommitted() throws InterruptedException {
        while (!committed.isEnded()) {
            var next = committed.next(LOOK);
            if (next.isPresent()) {
                queue.put(new Come.Committed(next.get()));
            }
        }
    }

    private void readDrawn() throws InterruptedException {
        while (true) {
            var next = drawn.next(LOOK);
            if (next.isPresent()) {
                queue.put(new Come.Drawn(next.get()));
            }
        }
    }

    /// Returns the next chunk; empty if none arrives within `wait`. The last committed chunk is terminal; after it, no
    /// chunk is of interest.
    Optional<Come> next(Duration wait) throws InterruptedException {
        return Optional.ofNullable(queue.poll(wait.toNanos(), TimeUnit.NANOSECONDS));
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        committed.close();
        drawn.close();
    }
}
