package dev.flover.http.topics;

import dev.flover.schemas.TokenChunk;

/// A chunk with its place on the tokens topic.
///
/// @param timestamp the record's time, in ms since 1970
public record ReadChunk(Place place, long timestamp, TokenChunk chunk) {
    /// Returns the position after the chunk's last token.
    public int end() {
        return chunk.getPosition() + chunk.getTokenIds().size();
    }
}
