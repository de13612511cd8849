package dev.flover.app.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.offline.LogprobLine;
import dev.flover.app.offline.ToolCallLine;
import dev.flover.schemas.Refused;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.TokenLogprob;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A chunk as `tail --json` and `submit --json` write it, one chunk on a line. Fields that a chunk does not have are
/// left out.
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"request_id", "answer", "position", "token_ids", "text", "logprobs",
        "prompt_position", "prompt_logprobs", "finish_reason", "message", "tool_calls",
        "terminal", "repeat", "cached", "refused"})
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record ChunkLine(
        @JsonProperty("request_id") String requestId,
        @JsonProperty("answer") int answer,
        @JsonProperty("position") int position,
        @JsonProperty("token_ids") List<Integer> tokenIds,
        @JsonProperty("text") String text,
        @JsonProperty("logprobs") @Nullable List<LogprobLine> logprobs,
        @JsonProperty("prompt_position") @Nullable Integer promptPosition,
        @JsonProperty("prompt_logprobs") @Nullable List<LogprobLine> promptLogprobs,
        @JsonProperty("finish_reason") @Nullable String finishReason,
        @JsonProperty("message") @Nullable String message,
        @JsonProperty("tool_calls") @Nullable List<ToolCallLine> toolCalls,
        @JsonProperty("terminal") @Nullable Boolean terminal,
        @JsonProperty("repeat") @Nullable Boolean repeat,
        @JsonProperty("cached") @Nullable Boolean cached,
        @JsonProperty("refused") @Nullable RefusedLine refused) {

    private static final ObjectMapper JSON = new ObjectMapper();

    static ChunkLine of(TokenChunk chunk) {
        var finish = chunk.getFinish();
        return ChunkLineBuilder.builder().requestId(chunk.getRequestId()).answer(chunk.getAnswer())
                .position(chunk.getPosition()).tokenIds(chunk.getTokenIds()).text(chunk.getText())
                .logprobs(logprobs(chunk.getLogprobs()))
                .promptPosition(chunk.getPromptLogprobs() == null ? null : chunk.getPromptPosition())
                .promptLogprobs(logprobs(chunk.getPromptLogprobs()))
                .finishReason(finish == null ? null : finish.getReason().name().toLowerCase(Locale.ROOT))
                .message(finish == null || finish.getMessage().isEmpty() ? null : finish.getMessage())
                .toolCalls(finish == null ? null : ToolCallLine.of(finish.getToolCalls()))
                .terminal(chunk.getTerminal() ? true : null).repeat(chunk.getRepeat() ? true : null)
                .cached(chunk.getCached() ? true : null)
                .refused(chunk.getRefused() == null ? null : RefusedLine.of(chunk.getRefused())).build();
    }

    /// A record that was refused because its id was used by a different request.
    record RefusedLine(
            @JsonProperty("partition") int partition,
            @JsonProperty("offset") long offset,
            @JsonProperty("reason") String reason) {
        static RefusedLine of(Refused refused) {
            return new RefusedLine(refused.getPartition(), refused.getOffset(), refused.getReason());
        }
    }

    String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }

    /// Returns null if no logprobs were requested.
    static @Nullable List<LogprobLine> logprobs(List<TokenLogprob> logprobs) {
        return logprobs == null ? null : logprobs.stream().map(token -> new LogprobLine(
                token.getTokenId(), token.getLogprob(), token.getAlternatives().stream()
                        .map(other -> new LogprobLine.Alternative(other.getTokenId(), other.getLogprob())).toList()))
                .toList();
    }
}
