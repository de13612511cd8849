package dev.flover.app.embedded;

/// An embedded server could not start or keep what it was told. The message says what to do.
public final class EmbeddedServerException extends RuntimeException {
    public EmbeddedServerException(String message) {
        super(message);
    }

    public EmbeddedServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
