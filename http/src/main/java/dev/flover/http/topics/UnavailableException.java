package dev.flover.http.topics;

import org.jspecify.annotations.Nullable;

/// Thrown when the Kafka cluster cannot do what is needed at present; a later attempt may succeed.
public final class UnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
