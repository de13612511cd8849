package dev.flover.app.offline;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;

/// What `generate --json` writes, a line a request.
///
/// @param tokenIds     all that were drawn, an end-of-text token included
/// @param finishReason `stop`, `length`, or `error` where the model gave logits that are not numbers
/// @param logprobs     null where they were not asked for
/// @param toolCalls    null where the answer makes none
@JsonPropertyOrder({"id", "prompt_ids", "token_ids", "text", "finish_reason", "tool_calls", "logprobs"})
record AnswerLine(
        @JsonProperty("id") String id,
        @JsonProperty("prompt_ids") int[] promptIds,
        @JsonProperty("token_ids") int[] tokenIds,
        @JsonProperty("text") String text,
        @JsonProperty("finish_reason") String finishReason,
        @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("tool_calls") List<ToolCallLine> toolCalls,
        @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("logprobs") List<LogprobLine> logprobs) {}
