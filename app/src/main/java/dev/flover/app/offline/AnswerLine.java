package dev.flover.app.offline;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An answer as `generate --json` writes it, one on a line.
///
/// @param tokenIds     all tokens that were drawn, an end-of-text token included
/// @param finishReason `stop`, `length`, or `error` if the model's logits were not finite or no token fitted the
///                     constraint
/// @param logprobs     null if none were requested
/// @param toolCalls    null if the answer has no tool calls
@JsonPropertyOrder({"id", "prompt_ids", "token_ids", "text", "finish_reason", "tool_calls", "logprobs"})
record AnswerLine(
        @JsonProperty("id") String id,
        @JsonProperty("prompt_ids") int[] promptIds,
        @JsonProperty("token_ids") int[] tokenIds,
        @JsonProperty("text") String text,
        @JsonProperty("finish_reason") @Nullable String finishReason,
        @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("tool_calls") @Nullable List<ToolCallLine> toolCalls,
        @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("logprobs") @Nullable List<LogprobLine> logprobs) {}
