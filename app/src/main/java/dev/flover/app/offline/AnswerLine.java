package dev.flover.app.offline;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/// What `generate --json` writes, a line a request.
///
/// @param tokenIds     all that were drawn, an end-of-text token included
/// @param finishReason `stop`, `length`, or `error` where the model gave logits that are not numbers
@JsonPropertyOrder({"id", "prompt_ids", "token_ids", "text", "finish_reason"})
record AnswerLine(
        @JsonProperty("id") String id,
        @JsonProperty("prompt_ids") int[] promptIds,
        @JsonProperty("token_ids") int[] tokenIds,
        @JsonProperty("text") String text,
        @JsonProperty("finish_reason") String finishReason) {}
