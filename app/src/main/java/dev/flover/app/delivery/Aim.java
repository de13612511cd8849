package dev.flover.app.delivery;

/// What a kill waits for, and how long it hesitates then, at most.
///
/// Delays are random up to their limit, so that with enough kills every moment of a life is hit: the limits of the
/// first two span a start, those in flow span several commits.
enum Aim {
    AFTER_START(0),
    AFTER_READY(100),
    AFTER_FIRST_TOKEN(400),
    /// Output was seen that is not committed.
    IN_TRANSACTION(20),
    /// The end of a generation was seen, committed or not.
    AT_END(1);

    private final int maxDelayMs;

    Aim(int maxDelayMs) {
        this.maxDelayMs = maxDelayMs;
    }

    /// @param startMs how long a start takes here
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
