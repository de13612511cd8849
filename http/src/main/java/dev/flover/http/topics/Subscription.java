package dev.flover.http.topics;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The chunks of one id from now on, for one reader. Bounded: a reader that falls behind by more is dropped.
final class Subscription implements AutoCloseable {
    static final int MOST_CHUNKS = 1024;

    private final String id;
    private final TokenFeed feed;
    private final LinkedBlockingQueue<ReadChunk> chunks = new LinkedBlockingQueue<>(MOST_CHUNKS);
    private volatile boolean overflowed;

    Subscription(String id, TokenFeed feed) {
        this.id = id;
        this.feed = feed;
    }

    String id() {
        return id;
    }

    /// Never waits.
    void offer(ReadChunk chunk) {
        if (!overflowed && !chunks.offer(chunk)) {
            overflowed = true;
        }
    }

    /// @throws SlowReaderException if more chunks came than are kept
    Optional<ReadChunk> poll(Duration wait) throws InterruptedException {
        boolean dropped = overflowed;
        var next = dropped ? chunks.poll() : chunks.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
        if (next == null && dropped) {
            throw new SlowReaderException(MOST_CHUNKS);
        }
        return Optional.ofNullable(next);
    }

    @Override
    public void close() {
        feed.unsubscribe(this);
    }
}
