package dev.flover.engine.api;

/// A step could not be computed: a device or kernel failed. No sequence has lost a token that was reported.
public class EngineException extends RuntimeException {
    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }

    public EngineException(String message) {
        super(message);
    }
}
