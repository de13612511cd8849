package dev.flover.client;

import dev.flover.schemas.TokenChunk;
import java.util.List;

/// A chunk with its place on the tokens topic.
record ReadChunk(int partition, long offset, TokenChunk chunk) {
    /// Returns the position after the chunk's last token.
    int end() {
        return chunk.getPosition() + chunk.getTokenIds().size();
    }

    /// Returns the chunk without its tokens, for a reader that has them and lacks only the end of the answer.
    TokenChunk withoutTokens() {
        return TokenChunk.newBuilder(chunk).setPosition(end()).setTokenIds(List.of()).setText("").setLogprobs(null)
                .build();
    }
}
