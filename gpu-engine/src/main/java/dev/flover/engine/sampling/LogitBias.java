package dev.flover.engine.sampling;

import java.util.Arrays;

/// Values added to the logits of single tokens; `-Infinity` bans a token.
///
/// @param tokens token ids, ascending and distinct
/// @param values one value for each token; not NaN and not `+Infinity`
public record LogitBias(int[] tokens, float[] values) {
    public static final LogitBias NONE = new LogitBias(new int[0], new float[0]);

    public LogitBias {
        if (tokens.length != values.length) {
            throw new IllegalArgumentException(
                    "logit bias needs a value per token, got " + values.length + " for " + tokens.length);
        }
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || i > 0 && tokens[i] <= tokens[i - 1]) {
                throw new IllegalArgumentException("logit bias token ids must be ascending and distinct, found "
                        + tokens[i] + " at index " + i);
            }
            if (!(values[i] < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "logit bias of token " + tokens[i] + " must be a number below +Infinity, was " + values[i]);
            }
        }
    }

    public boolean isEmpty() {
        return tokens.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LogitBias that
                && Arrays.equals(tokens, that.tokens)
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(tokens) + Arrays.hashCode(values);
    }
}
