package dev.flover.http.topics;

import dev.flover.schemas.TokenChunk;

/// A chunk as it stands on the tokens topic.
///
/// @param timestamp of the record, in milliseconds since 1970
public record ReadChunk(Place place, long timestamp, TokenChunk chunk) {
    /// Position behind the chunk's last token.
    public int end() {
        return chunk.getPosition() + chunk.getTokenIds().size();
    }
}
