package dev.flover.http.topics;

/// Thrown when a different request was sent under the same id before.
public final class RefusedRequestException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RefusedRequestException(String reason) {
        super(reason);
    }
}
