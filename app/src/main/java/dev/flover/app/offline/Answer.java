package dev.flover.app.offline;

import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.tokenizer.AnswerText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The answer to one request of `generate`: its tokens as they are drawn, and their text.
final class Answer {
    private final PlacedRequest request;
    private final int[] promptIds;
    private final SequenceRequest sequence;
    private final @Nullable AnswerText decoder;
    private final StringBuilder text = new StringBuilder();
    private int[] tokens = new int[64];
    private final List<LogprobLine> logprobs = new ArrayList<>();
    private final Function<int[], @Nullable List<ToolCallLine>> calls;
    private int count;
    private @Nullable String finishReason;

    /// @param sequence the request as the engine takes it
    /// @param decoder makes text of the tokens; null if the model has no tokenizer, so that the answer is ids only
    /// @param calls   finds the tool calls in the answer's ids; returns null if it has none
    Answer(PlacedRequest request, int[] promptIds, SequenceRequest sequence, @Nullable AnswerText decoder,
            Function<int[], @Nullable List<ToolCallLine>> calls) {
        this.calls = calls;
        this.request = request;
        this.promptIds = promptIds;
        this.sequence = sequence;
        this.decoder = decoder;
    }

    /// Appends the next token and returns the text that is final with it: text that may become a stop string is held
    /// back.
    String append(int token, float logprob, @Nullable TopLogprobs alternatives) {
        if (request.request().getLogprobs() != null) {
            logprobs.add(LogprobLine.of(token, logprob, alternatives));
        }
        if (count == tokens.length) {
            tokens = Arrays.copyOf(tokens, count * 2);
        }
        tokens[count++] = token;
        if (decoder == null) {
            return "";
        }
        String piece = decoder.push(token);
        text.append(piece);
        if (decoder.stopped()) {
            finishReason = "stop";
        }
        return piece;
    }

    /// Ends the answer as the engine reported, and returns the text that was held back.
    String finish(FinishReason reason) {
        finishReason = switch (reason) {
            case STOP, LENGTH -> reason.name().toLowerCase(Locale.ROOT);
            case NOT_FINITE, NOTHING_FITS -> "error";
        };
        if (decoder == null) {
            return "";
        }
        String piece = decoder.finish();
        text.append(piece);
        if (decoder.stopped()) {      // the held-back text completed a stop string
            finishReason = "stop";
        }
        return piece;
    }

    boolean ended() {
        return finishReason != null;
    }

    boolean failed() {
        return "error".equals(finishReason);
    }

    SequenceRequest sequence() {
        return sequence;
    }

    String id() {
        return request.request().getId();
    }

    /// Returns the text of the prompt; null if it was given in another form.
    @Nullable String prompt() {
        return request.request().getPrompt();
    }

    /// Returns the place of the request in the input, for error messages.
    String origin() {
        return request.origin();
    }

    int tokenCount() {
        return count;
    }

    String text() {
        return text.toString();
    }

    @Nullable String finishReason() {
        return finishReason;
    }

    /// Returns the logprobs of each token; empty if none were requested.
    List<LogprobLine> logprobs() {
        return logprobs;
    }

    /// Returns the tool calls of the answer; null if it has none.
    @Nullable List<ToolCallLine> toolCalls() {
        return calls.apply(Arrays.copyOf(tokens, count));
    }

    /// Returns the answer as a line of `--json`.
    AnswerLine line() {
        return new AnswerLine(id(), promptIds, Arrays.copyOf(tokens, count), text(), finishReason,
                toolCalls(),
                request.request().getLogprobs() != null ? logprobs : null);
    }
}
