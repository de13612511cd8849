package dev.flover.app.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.flover.schemas.TokenChunk;
import java.util.List;
import java.util.Locale;

/// What `tail --json` writes, a line a chunk; fields that only last chunks have are left out elsewhere.
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"request_id", "answer", "position", "token_ids", "text", "finish_reason", "message", "terminal"})
record ChunkLine(
        @JsonProperty("request_id") String requestId,
        @JsonProperty("answer") int answer,
        @JsonProperty("position") int position,
        @JsonProperty("token_ids") List<Integer> tokenIds,
        @JsonProperty("text") String text,
        @JsonProperty("finish_reason") String finishReason,
        @JsonProperty("message") String message,
        @JsonProperty("terminal") Boolean terminal) {

    static ChunkLine of(TokenChunk chunk) {
        var finish = chunk.getFinish();
        return new ChunkLine(chunk.getRequestId(), chunk.getAnswer(), chunk.getPosition(), chunk.getTokenIds(),
                chunk.getText(),
                finish == null ? null : finish.getReason().name().toLowerCase(Locale.ROOT),
                finish == null || finish.getMessage().isEmpty() ? null : finish.getMessage(),
                chunk.getTerminal() ? true : null);
    }
}
