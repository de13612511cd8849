package dev.flover.topology.generation;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.Rejection;
import dev.flover.topology.records.RequestFault;
import org.jspecify.annotations.Nullable;

/// The reason why an answer ended.
///
/// @param message   the fault and the remedy; empty where there was no fault
/// @param stop      the stop string that ended the answer, or null
/// @param rejection the kind of fault of a rejected request; null for other reasons
record Ending(FinishReason reason, String message, @Nullable String stop, @Nullable Rejection rejection) {
    static Ending of(FinishReason reason, String message) {
        return new Ending(reason, message, null, null);
    }

    static Ending rejected(RequestFault fault) {
        return new Ending(FinishReason.REJECTED, fault.message(), null, fault.kind());
    }

    /// The rejection for a fault; null if there is no fault.
    static @Nullable Ending rejectedIf(@Nullable RequestFault fault) {
        return fault == null ? null : rejected(fault);
    }

    static Ending plain(FinishReason reason) {
        return new Ending(reason, "", null, null);
    }

    static Ending stoppedBy(String stop) {
        return new Ending(FinishReason.STOP, "", stop, null);
    }
}
