package dev.flover.http.topics;

/// Thrown when chunks of an answer are no longer on the tokens topic, or no chunk begins at the requested position.
public final class LostChunksException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LostChunksException(String message) {
        super(message);
    }
}
