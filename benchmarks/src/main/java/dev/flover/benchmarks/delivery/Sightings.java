package dev.flover.benchmarks.delivery;

/// The times of the newest records that were read, as written by the pipeline, in ms since 1970.
///
/// Records of a killed process are older than the start of the next process, whenever they are read. So the time tells
/// which process wrote them.
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

    /// Tells whether the reader of uncommitted records has read records that are not committed.
    synchronized boolean isInTransaction() {
        return provisionalMs > committedMs;
    }
}
