package dev.flover.topology.generation;

import dev.flover.schemas.FinishReason;

/// The reason why an answer ended.
///
/// @param message the fault and the remedy; empty where there was no fault
/// @param stop    the stop string that ended the answer, or null
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
