package dev.flover.benchmarks.delivery;

/// The event that a disturbance waits for, and the longest random delay after it, in ms.
///
/// Delays are uniformly random up to their limit, so that with enough kills every moment of a process's life is hit.
/// AFTER_START's limit is the duration of a start; AFTER_FIRST_TOKEN's spans several commits.
enum Aim {
    AFTER_START(0),
    AFTER_READY(100),
    AFTER_FIRST_TOKEN(400),
    /// Tokens were read that are not committed.
    IN_TRANSACTION(20),
    /// The last chunk of a generation was read, committed or not.
    AT_END(1);

    private final int maxDelayMs;

    Aim(int maxDelayMs) {
        this.maxDelayMs = maxDelayMs;
    }

    /// @param startMs how long a start takes on this machine, in ms
    int maxDelayMs(int startMs) {
        return this == AFTER_START ? startMs : maxDelayMs;
    }

    boolean isReached(VictimProcess victim, Sightings sightings) {
        long since = victim.startedMs();
        return switch (this) {
            case AFTER_START -> true;
            case AFTER_READY -> victim.isReady();
            case AFTER_FIRST_TOKEN -> sightings.committedSince(since);
            case IN_TRANSACTION -> sightings.committedSince(since) && sightings.isInTransaction();
            case AT_END -> sightings.endSince(since);
        };
    }
}
