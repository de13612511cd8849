package dev.flover.engine.sampling;

import java.util.Arrays;

/// Which tokens a prompt and its answer contain, and how often the answer does: what penalties need.
///
/// An open hash table of ints, at most half full; linear probing. Grows with the number of distinct tokens.
final class TokenCounts {
    private static final int EMPTY = -1;

    private int[] tokens = new int[0];
    private int[] answerCounts = new int[0];
    private int size;

    void clear() {
        Arrays.fill(tokens, EMPTY);
        size = 0;
    }

    /// The prompt contains the token.
    void addPrompt(int token) {
        place(token);
    }

    /// The answer contains the token once more.
    void addAnswer(int token) {
        int place = place(token);       // may replace the array
        answerCounts[place]++;
    }

    /// Entries are visited by place, from 0 to this; some are empty.
    int places() {
        return tokens.length;
    }

    boolean occupied(int place) {
        return tokens[place] != EMPTY;
    }

    int token(int place) {
        return tokens[place];
    }

    /// Times the token is in the answer; 0 where only the prompt contains it.
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
