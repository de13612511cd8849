package dev.flover.app.delivery;

/// The newest records that the readers saw, by the time at which the pipeline wrote them (ms since the epoch).
///
/// What a killed life wrote is older than the start of the next one, whenever it is read.
final class Sightings {
    private long committedMs;
    private long provisionalMs;
    private long endMs;

    synchronized void committed(long writtenMs) {
        committedMs = Math.max(committedMs, writtenMs);
    }

    synchronized void provisional(long writtenMs, boolean end) {
        provisionalMs = Math.max(provisionalMs, writtenMs);
        endMs = end ? Math.max(endMs, writtenMs) : endMs;
    }

    synchronized boolean committedSince(long ms) {
        return committedMs >= ms;
    }

    synchronized boolean endSince(long ms) {
        return endMs >= ms;
    }

    /// Whether the reader of uncommitted records is ahead.
    synchronized boolean isInTransaction() {
        return provisionalMs > committedMs;
    }
}
