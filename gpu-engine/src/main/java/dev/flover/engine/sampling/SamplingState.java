package dev.flover.engine.sampling;

import dev.flover.engine.constraint.Constraint;
import org.jspecify.annotations.Nullable;

/// The state of one sequence that a host backend needs to draw its next token. The object is reused for later
/// sequences.
public final class SamplingState {
    private SamplingParams params = SamplingParams.greedy();
    private int answerIndex;
    private int[] ending = new int[0];
    private int generated;
    private int newest;
    private @Nullable MaskAhead mask;
    private final TokenCounts counts = new TokenCounts();

    /// Begins a sequence, and drops the state of the one before.
    ///
    /// @param history      the prompt ids, then the generated ids
    /// @param promptLength the number of prompt ids
    /// @param ending       the ids that cannot be drawn before the answer has `params.minTokens()` tokens
    public void begin(int[] history, int promptLength, int answerIndex, SamplingParams params, int[] ending) {
        begin(history, promptLength, answerIndex, params, ending, null);
    }

    /// As [#begin(int[], int, int, SamplingParams, int[])], for an answer with a constraint.
    ///
    /// @param constraint the form that the answer must have; null for none
    public void begin(
            int[] history, int promptLength, int answerIndex, SamplingParams params, int[] ending,
            @Nullable Constraint constraint) {
        mask = constraint == null ? null : new MaskAhead(constraint, history, promptLength);
        this.params = params;
        this.answerIndex = answerIndex;
        this.ending = ending;
        generated = history.length - promptLength;
        newest = history[history.length - 1];
        if (params.penalises()) {
            counts.clear();
            for (int i = 0; i < history.length; i++) {
                if (i < promptLength) {
                    counts.addPrompt(history[i]);
                } else {
                    counts.addAnswer(history[i]);
                }
            }
        }
    }

    /// Appends a drawn token.
    public void append(int token) {
        newest = token;
        generated++;
        if (mask != null) {
            mask.append(token);
        }
        if (params.penalises()) {
            counts.addAnswer(token);
        }
    }

    /// The last token of the sequence.
    public int newest() {
        return newest;
    }

    /// The number of tokens in the answer, which is also the position of the next draw.
    public int generated() {
        return generated;
    }

    public SamplingParams params() {
        return params;
    }

    int answerIndex() {
        return answerIndex;
    }

    int[] ending() {
        return ending;
    }

    TokenCounts counts() {
        return counts;
    }

    /// Whether the next token is simply the one with the greatest logit, and no logprobs are reported.
    public boolean isArgmax() {
        return params.temperature() == 0
                && params.topLogprobs() < 0
                && !changesLogits();
    }

    /// Whether logits are masked or penalised before the draw.
    boolean changesLogits() {
        return mask != null
                || params.penalises()
                || !params.logitBias().isEmpty()
                || !params.allowedOnly().isEmpty()
                || forbidsEnding();
    }

    boolean isConstrained() {
        return mask != null;
    }

    /// The tokens that the answer's constraint allows next; null if there is no constraint. Waits until they are
    /// computed.
    MaskAhead.@Nullable Allowed allowed() {
        return mask == null ? null : mask.await();
    }

    boolean forbidsEnding() {
        return generated < params.minTokens() && ending.length > 0;
    }
}
