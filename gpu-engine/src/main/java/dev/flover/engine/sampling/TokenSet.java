package dev.flover.engine.sampling;

import java.util.Arrays;

/// A set of token ids.
///
/// @param tokens ascending and distinct
public record TokenSet(int[] tokens) {
    public static final TokenSet EMPTY = new TokenSet(new int[0]);

    public TokenSet {
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || i > 0 && tokens[i] <= tokens[i - 1]) {
                throw new IllegalArgumentException(
                        "token ids of a set must be ascending and distinct, found " + tokens[i] + " at index " + i);
            }
        }
    }

    /// The set of these token ids, which may be unsorted and repeated.
    public static TokenSet of(int... tokens) {
        return new TokenSet(Arrays.stream(tokens).sorted().distinct().toArray());
    }

    public boolean contains(int token) {
        return Arrays.binarySearch(tokens, token) >= 0;
    }

    public boolean isEmpty() {
        return tokens.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenSet that && Arrays.equals(tokens, that.tokens);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(tokens);
    }
}
