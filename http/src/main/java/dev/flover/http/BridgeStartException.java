package dev.flover.http;

/// Why a bridge cannot start, in a sentence.
public final class BridgeStartException extends RuntimeException {
    private static final long serialVersionUID = 1;

    BridgeStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
