package dev.flover.topology;

import java.util.concurrent.atomic.AtomicLong;

/// Counts the commits of the stream thread, so that what was written before one can be known to be durable after it.
final class Commits {
    private final AtomicLong count = new AtomicLong();

    /// Called by the client that has just committed.
    void committed() {
        count.incrementAndGet();
    }

    /// Something written now is durable once this count has grown.
    long count() {
        return count.get();
    }
}
