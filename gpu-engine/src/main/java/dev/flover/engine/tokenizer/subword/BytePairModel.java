package dev.flover.engine.tokenizer.subword;

import java.util.HashMap;
import java.util.Map;

/// Byte-pair encoding (Sennrich et al. 2016): a piece begins as its characters, and neighbouring symbols are merged.
///
/// Both published variants are this class. GPT-2's lists its merges in order over the byte alphabet. SentencePiece's
/// merges any two symbols that together are a token, the best score first, and falls back to byte tokens.
final class BytePairModel implements SubwordModel {
    private static final int DIRECT = 0x3000;
    private static final char WORD_MARK = '\u2581';

    private final int vocabulary;
    private final int[] directSymbols = new int[DIRECT];
    private final Map<Integer, Integer> symbols;
    private final int[] characters;
    private final PairMerges merges;
    private final Fallback fallback;
    private final Map<String, Integer> wholePieces;
    private final boolean mergesOverWordMarks;

    /// @param vocabulary  the number of tokens; symbols from this number on are characters that occur in tokens but
    ///                    have no token of their own
    /// @param symbols     the symbol of each character
    /// @param characters  the characters of the symbols from `vocabulary` on
    /// @param wholePieces the tokens by spelling that a piece with this spelling becomes without merging; may be empty
    /// @param mergesOverWordMarks whether any token has U+2581 after another character; if none has, a piece can be
    ///                            split before a U+2581 without changing its tokens
    BytePairModel(
            int vocabulary,
            Map<Integer, Integer> symbols,
            int[] characters,
            PairMerges merges,
            Fallback fallback,
            Map<String, Integer> wholePieces,
            boolean mergesOverWordMarks) {
        this.vocabulary = vocabulary;
        this.symbols = Map.copyOf(symbols);
        this.characters = characters.clone();
        this.merges = merges;
        this.fallback = fallback;
        this.wholePieces = new HashMap<>(wholePieces); // Map.copyOf is slow for many similar keys
        this.mergesOverWordMarks = mergesOverWordMarks;
        for (int c = 0; c < DIRECT; c++) {
            directSymbols[c] = symbols.getOrDefault(c, ~c);
        }
    }

    /// The symbol of a character; the bitwise complement of the character if it has no symbol.
    private int symbol(int codePoint) {
        return codePoint < DIRECT ? directSymbols[codePoint] : symbols.getOrDefault(codePoint, ~codePoint);
    }

    @Override
    public Session open(IntList out) {
        return new Merging(out);
    }

    private final class Merging implements Session {
        private final IntList out;
        private final PairMerger merger = new PairMerger(merges);
        private int[] scratch = new int[64];
        private boolean afterUnknown;

        Merging(IntList out) {
            this.out = out;
        }

        @Override
        public void encode(String piece) {
            Integer whole = wholePieces.get(piece);
            if (whole != null) {
                out.add(whole);
                return;
            }
            afterUnknown = false;
            int start = 0;
            if (!mergesOverWordMarks) {
                for (int i = 1; i < piece.length(); i++) {
                    if (piece.charAt(i) == WORD_MARK && piece.charAt(i - 1) != WORD_MARK) {
                        merge(piece, start, i);
                        start = i;
                    }
                }
            }
            merge(piece, start, piece.length());
        }

        private void merge(String piece, int start, int end) {
            if (scratch.length < end - start) {
                scratch = new int[Math.max(end - start, scratch.length * 2)];
            }
            int count = 0;
            for (int i = start; i < end; ) {
                int codePoint = piece.codePointAt(i);
                scratch[count++] = symbol(codePoint);
                i += Character.charCount(codePoint);
            }
            count = merger.merge(scratch, count);
            for (int i = 0; i < count; i++) {
                append(scratch[i]);
            }
        }

        private void append(int symbol) {
            if (symbol >= 0 && symbol < vocabulary) {
                out.add(symbol);
                afterUnknown = false;
            } else {
                int codePoint = symbol < 0 ? ~symbol : characters[symbol - vocabulary];
                afterUnknown = fallback.append(codePoint, afterUnknown, out);
            }
        }
    }
}
