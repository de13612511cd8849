package dev.flover.http;

/// Thrown when a bridge cannot start; the message says why in a sentence.
public final class BridgeStartException extends RuntimeException {
    private static final long serialVersionUID = 1;

    BridgeStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
