package dev.flover.engine.sampling;

import java.util.Arrays;

/// The distinct tokens of a prompt and its answer, with their counts in the answer. Penalties need both.
///
/// Stored as a hash table of ints with open addressing and linear probing, at most half full. It grows with the number
/// of distinct tokens.
final class TokenCounts {
    private static final int EMPTY = -1;

    private int[] tokens = new int[0];
    private int[] answerCounts = new int[0];
    private int size;

    void clear() {
        Arrays.fill(tokens, EMPTY);
        size = 0;
    }

    /// Adds a token of the prompt.
    void addPrompt(int token) {
        place(token);
    }

    /// Adds one occurrence of a token in the answer.
    void addAnswer(int token) {
        int place = place(token); // the call may replace the arrays
        answerCounts[place]++;
    }

    /// The number of places of the table; entries are visited by place, and some places are empty.
    int places() {
        return tokens.length;
    }

    boolean occupied(int place) {
        return tokens[place] != EMPTY;
    }

    int token(int place) {
        return tokens[place];
    }

    /// The number of occurrences of the token in the answer; 0 if only the prompt contains it.
    int answerCount(int place) {
        return answerCounts[place];
    }

    private int place(int token) {
        if (2 * (size + 1) > tokens.length) {
            grow();
        }
        int place = probe(token);
        if (tokens[place] == EMPTY) {
            tokens[place] = token;
            answerCounts[place] = 0;
            size++;
        }
        return place;
    }

    private int probe(int token) {
        int mask = tokens.length - 1;
        int place = token * 0x9E3779B9 >>> 7 & mask;
        while (tokens[place] != EMPTY && tokens[place] != token) {
            place = place + 1 & mask;
        }
        return place;
    }

    private void grow() {
        int[] oldTokens = tokens;
        int[] oldCounts = answerCounts;
        tokens = new int[Math.max(64, 2 * oldTokens.length)];
        answerCounts = new int[tokens.length];
        Arrays.fill(tokens, EMPTY);
        for (int i = 0; i < oldTokens.length; i++) {
            if (oldTokens[i] != EMPTY) {
                int place = probe(oldTokens[i]);
                tokens[place] = oldTokens[i];
                answerCounts[place] = oldCounts[i];
            }
        }
    }
}
