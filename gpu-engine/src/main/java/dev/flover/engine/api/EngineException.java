package dev.flover.engine.api;

/// Thrown if a step could not be computed because a device or kernel failed. Tokens that were already reported stay
/// valid.
public class EngineException extends RuntimeException {
    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }

    public EngineException(String message) {
        super(message);
    }
}
