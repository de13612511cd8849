package dev.flover.topology.records;

import dev.flover.schemas.Rejection;
import dev.flover.schemas.RejectionCode;
import org.jspecify.annotations.Nullable;

/// The reason to reject a request.
///
/// @param kind    the reason for programs
/// @param message the reason for people: the expected value, the value found, and the remedy
public record RequestFault(Rejection kind, String message) {
    /// Makes the fault of a request with an invalid value.
    ///
    /// @param field the wrong field; null if no single field is wrong
    public static RequestFault invalid(@Nullable String field, String message) {
        return of(RejectionCode.INVALID, field, message);
    }

    public static RequestFault of(RejectionCode code, @Nullable String field, String message) {
        return new RequestFault(new Rejection(code, field), message);
    }
}
