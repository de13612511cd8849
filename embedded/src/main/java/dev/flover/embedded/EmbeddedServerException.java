package dev.flover.embedded;

/// Thrown when an embedded server could not start or could not store data. The message says what to do.
public final class EmbeddedServerException extends RuntimeException {
    public EmbeddedServerException(String message) {
        super(message);
    }

    public EmbeddedServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
