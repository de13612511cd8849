package dev.flover.engine.tokenizer;

import java.util.HashMap;
import java.util.Map;

/// Byte-pair encoding (Sennrich et al. 2016): a piece starts as its characters, and neighbours merge.
///
/// Both kinds are this: GPT-2's lists its merges in order over the [ByteAlphabet]; SentencePiece's merges whatever
/// makes a token, the best score first, and falls back to byte tokens.
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

    /// @param vocabulary  symbols from here on are characters without a token of their own that tokens are made of
    /// @param symbols     of each character
    /// @param characters  of the symbols from `vocabulary` on
    /// @param wholePieces tokens that a piece becomes without merging where it is spelled like one; may be empty
    /// @param mergesOverWordMarks whether any token has U+2581 after another character; where none has, a piece can be
    ///                            cut there without changing its tokens
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
        this.wholePieces = new HashMap<>(wholePieces);      // Map.copyOf takes long where tokens are spelled alike
        this.mergesOverWordMarks = mergesOverWordMarks;
        for (int c = 0; c < DIRECT; c++) {
            directSymbols[c] = symbols.getOrDefault(c, ~c);
        }
    }

    /// The symbol of a character; its complement where it has none.
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
