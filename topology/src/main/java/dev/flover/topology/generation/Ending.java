package dev.flover.topology.generation;

import dev.flover.schemas.FinishReason;

/// Why an answer ends.
///
/// @param message what was wrong and what to do; empty where nothing was
/// @param stop    the stop string that ended it, or null
record Ending(FinishReason reason, String message, String stop) {
    static Ending of(FinishReason reason, String message) {
        return new Ending(reason, message, null);
    }

    static Ending plain(FinishReason reason) {
        return new Ending(reason, "", null);
    }

    static Ending stoppedBy(String stop) {
        return new Ending(FinishReason.STOP, "", stop);
    }
}
