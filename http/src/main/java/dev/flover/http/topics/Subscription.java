package dev.flover.http.topics;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A bounded queue of the new chunks of one id, for one reader. A reader for which too many chunks wait is dropped.
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

    /// Adds a chunk, or drops the reader if the queue is full. Never blocks.
    void offer(ReadChunk chunk) {
        if (!overflowed && !chunks.offer(chunk)) {
            overflowed = true;
        }
    }

    /// @throws SlowReaderException if the reader was dropped
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
