package dev.flover.http.topics;

import java.time.Duration;
import java.util.Optional;

/// The chunks of one id as they are drawn, before they are committed. A chunk may come that is never committed.
public final class DrawnChunks implements AutoCloseable {
    private final Subscription subscription;
    private final DrawnFeed feed;

    DrawnChunks(Subscription subscription, DrawnFeed feed) {
        this.subscription = subscription;
        this.feed = feed;
    }

    /// Returns the next chunk, after waiting at most `wait` for it; empty if none arrives.
    ///
    /// @throws SlowReaderException if too many chunks wait for the reader
    public Optional<ReadChunk> next(Duration wait) throws InterruptedException {
        return subscription.poll(wait);
    }

    @Override
    public void close() {
        subscription.close();
        feed.left();
    }
}
