package dev.flover.engine.tokenizer.subword;

import dev.flover.engine.format.ModelFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Builds byte-pair models from the content of model files.
public final class BytePairModels {
    public static final int MAX_MERGES = 1 << 22;

    private BytePairModels() {}

    /// A merge of two neighbouring tokens.
    public record Pair(String left, String right) {
        /// @param merge the two tokens, separated by a space
        public static Pair parse(Path file, String merge) {
            int space = merge.indexOf(' ', 1);
            if (space < 0 || space == merge.length() - 1) {
                throw new ModelFileException(file, "has a tokenizer merge " + Vocabulary.quoted(merge)
                        + "; expected two tokens with a space between them");
            }
            return new Pair(merge.substring(0, space), merge.substring(space + 1));
        }
    }

    /// A model with listed merges, of which an earlier one has priority.
    ///
    /// @throws ModelFileException if a merge names a token that the vocabulary does not have
    public static BytePairModel ofMerges(
            Path file, Vocabulary vocabulary, List<Pair> pairs, Fallback fallback, Map<String, Integer> wholePieces) {
        if (pairs.size() > MAX_MERGES) {
            throw new ModelFileException(
                    file, "has " + pairs.size() + " tokenizer merges; at most " + MAX_MERGES + " are possible");
        }
        var merges = new PairMerges(pairs.size());
        for (int i = 0; i < pairs.size(); i++) {
            var pair = pairs.get(i);
            int left = known(file, vocabulary, i, pair.left);
            int right = known(file, vocabulary, i, pair.right);
            merges.add(left, right, i, known(file, vocabulary, i, pair.left + pair.right));
        }
        return new BytePairModel(vocabulary.size(), vocabulary.characters(), new int[0], merges, fallback, wholePieces,
                vocabulary.spansWordMarks());
    }

    private static int known(Path file, Vocabulary vocabulary, int merge, String spelling) {
        int id = vocabulary.id(spelling);
        if (id < 0) {
            throw new ModelFileException(file, "has a tokenizer merge, number " + merge + ", with "
                    + Vocabulary.quoted(spelling) + ", which is not in its vocabulary");
        }
        return id;
    }

    /// A model that merges any two symbols that together are a token, the best score first.
    public static BytePairModel ofScores(Vocabulary vocabulary, float[] scores, Fallback fallback) {
        var symbols = new HashMap<>(vocabulary.characters());
        var characters = new ArrayList<Integer>();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.kind(id).isSpelled()) {
                vocabulary.spelling(id).codePoints().forEach(c -> {
                    if (symbols.putIfAbsent(c, vocabulary.size() + characters.size()) == null) {
                        characters.add(c);
                    }
                });
            }
        }
        int[] ranks = ranks(scores);
        var merges = new PairMerges(vocabulary.size() * 2);
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.kind(id).isSpelled()) {
                addSplits(vocabulary, symbols, id, ranks[id], merges);
            }
        }
        return new BytePairModel(vocabulary.size(), symbols, characters.stream().mapToInt(c -> c).toArray(), merges,
                fallback, Map.of(), vocabulary.spansWordMarks());
    }

    private static void addSplits(
            Vocabulary vocabulary, Map<Integer, Integer> symbols, int id, int rank, PairMerges merges) {
        String spelling = vocabulary.spelling(id);
        for (int i = spelling.offsetByCodePoints(0, Math.min(1, spelling.length())); i < spelling.length();
                i = spelling.offsetByCodePoints(i, 1)) {
            int left = symbol(vocabulary, symbols, spelling.substring(0, i));
            int right = left < 0 ? -1 : symbol(vocabulary, symbols, spelling.substring(i));
            if (right >= 0) {
                merges.add(left, right, rank, id);
            }
        }
    }

    private static int symbol(Vocabulary vocabulary, Map<Integer, Integer> symbols, String spelling) {
        int first = spelling.codePointAt(0);
        return Character.charCount(first) == spelling.length()
                ? Objects.requireNonNull(symbols.get(first))
                : vocabulary.spelledId(spelling);
    }

    /// The rank of each token's score, 0 for the highest; equal scores have equal ranks.
    private static int[] ranks(float[] scores) {
        float[] sorted = scores.clone();
        Arrays.sort(sorted);
        int[] ranks = new int[scores.length];
        for (int i = 0; i < scores.length; i++) {
            int low = 0;
            int high = sorted.length;
            while (low < high) {
                int middle = low + high >>> 1;
                if (sorted[middle] <= scores[i]) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            ranks[i] = sorted.length - low;
        }
        return ranks;
    }
}
