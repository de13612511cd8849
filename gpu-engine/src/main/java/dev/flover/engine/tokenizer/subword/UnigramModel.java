package dev.flover.engine.tokenizer.subword;

import java.util.Arrays;

/// SentencePiece's unigram model (Kudo 2018): of all ways to split a piece into tokens, the one with the highest sum of
/// scores, found by Viterbi's algorithm.
public final class UnigramModel implements SubwordModel {
    /// The difference between the score of the worst token and that of an unknown character, as in SentencePiece.
    private static final double UNKNOWN_PENALTY = 10;

    private final TokenTrie trie;
    private final float[] scores;
    private final double unknownScore;
    private final Fallback fallback;

    /// @param trie   the tokens that may be used
    /// @param scores the log probability of each token; finite for all tokens of the trie
    public UnigramModel(TokenTrie trie, float[] scores, double worstScore, Fallback fallback) {
        this.trie = trie;
        this.scores = scores.clone();
        this.unknownScore = worstScore - UNKNOWN_PENALTY;
        this.fallback = fallback;
    }

    @Override
    public Session open(IntList out) {
        return new Viterbi(out);
    }

    private final class Viterbi implements Session {
        private static final int UNKNOWN = -1;

        private final IntList out;
        /// By position in the piece: the best score of a split that ends there, the start of its last token, and this
        /// token.
        private double[] best = {};
        private int[] starts = {};
        private int[] tokens = {};

        Viterbi(IntList out) {
            this.out = out;
        }

        @Override
        public void encode(String piece) {
            prepare(piece.length());
            for (int at = 0; at < piece.length(); at += Character.charCount(piece.codePointAt(at))) {
                extend(piece, at);
            }
            append(piece, turnAround(piece.length()));
        }

        private void prepare(int length) {
            if (best.length <= length) {
                best = new double[length + 1];
                starts = new int[length + 1];
                tokens = new int[length + 1];
            }
            Arrays.fill(best, 0, length + 1, Double.NEGATIVE_INFINITY);
            best[0] = 0;
        }

        private void extend(String piece, int at) {
            int codePoint = piece.codePointAt(at);
            int end = at + Character.charCount(codePoint);
            int node = trie.child(TokenTrie.ROOT, codePoint);
            if (node < 0 || trie.token(node) < 0) {
                offer(at, end, UNKNOWN, unknownScore);
            }
            while (node >= 0) {
                int token = trie.token(node);
                if (token >= 0) {
                    offer(at, end, token, scores[token]);
                }
                if (end == piece.length()) {
                    break;
                }
                codePoint = piece.codePointAt(end);
                end += Character.charCount(codePoint);
                node = trie.child(node, codePoint);
            }
        }

        private void offer(int start, int end, int token, double score) {
            double sum = best[start] + score;
            if (sum > best[end]) {
                best[end] = sum;
                starts[end] = start;
                tokens[end] = token;
            }
        }

        /// Reverses the links of the best split, so that they lead from each token's end to the next one's.
        ///
        /// @return the end of the first token
        private int turnAround(int length) {
            int end = length;
            int following = -1;
            while (end > 0) {
                int start = starts[end];
                starts[end] = following;
                following = end;
                end = start;
            }
            return following;
        }

        private void append(String piece, int first) {
            boolean afterUnknown = false;
            int start = 0;
            for (int end = first; end > 0; end = starts[end]) {
                if (tokens[end] == UNKNOWN) {
                    afterUnknown = fallback.append(piece.codePointAt(start), afterUnknown, out);
                } else {
                    out.add(tokens[end]);
                    afterUnknown = false;
                }
                start = end;
            }
        }
    }
}
