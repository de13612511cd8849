package dev.flover.http.topics;

/// Chunks of an answer that are not on the tokens topic any more, or are cut so that no chunk begins where one should.
public final class LostChunksException extends RuntimeException {
    private static final long serialVersionUID = 1;

    LostChunksException(String message) {
        super(message);
    }
}
