package dev.flover.engine.sampling;

import dev.flover.engine.constraint.Constraint;

/// What a host backend remembers of one sequence to draw its next token. Reused from sequence to sequence.
public final class SamplingState {
    private SamplingParams params = SamplingParams.greedy();
    private int answerIndex;
    private int[] ending = new int[0];
    private int generated;
    private int newest;
    private MaskAhead mask;
    private final TokenCounts counts = new TokenCounts();

    /// Forgets the sequence before.
    ///
    /// @param history      prompt ids, then generated ids
    /// @param promptLength how many of them are the prompt
    /// @param ending       ids that may not be drawn before `params.minTokens()` tokens
    public void begin(int[] history, int promptLength, int answerIndex, SamplingParams params, int[] ending) {
        begin(history, promptLength, answerIndex, params, ending, null);
    }

    /// As [#begin(int[], int, int, SamplingParams, int[])], for an answer that has to fit.
    ///
    /// @param constraint null for none
    public void begin(
            int[] history, int promptLength, int answerIndex, SamplingParams params, int[] ending,
            Constraint constraint) {
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

    /// A token was drawn.
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

    /// Tokens in the answer, which is the position of the next draw.
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

    /// Whether the next token is simply the one with the greatest logit and nothing is to be reported about others.
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

    /// Which tokens the answer's constraint allows next; null where it has none.
    MaskAhead.Allowed allowed() {
        return mask == null ? null : mask.await();
    }

    boolean forbidsEnding() {
        return generated < params.minTokens() && ending.length > 0;
    }
}
