package dev.flover.engine.tokenizer.subword;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;

/// Compares byte-pair merging and Viterbi's algorithm with naive implementations that follow the definitions.
class SubwordModelProperties {
    private static final int LETTERS = 4;

    @Property(tries = 400)
    void mergesAreThoseOfRepeatedlyTakingTheBestPair(
            @ForAll @CharRange(from = 'a', to = 'd') @StringLength(max = 150) String text, @ForAll long seed) {
        var random = new Random(seed);
        var merges = new PairMerges(4);
        var rules = new ArrayList<int[]>();
        for (int symbol = LETTERS; symbol < LETTERS + 12; symbol++) {
            var rule = new int[] {random.nextInt(symbol), random.nextInt(symbol), random.nextInt(4), symbol};
            if (rules.stream().noneMatch(other -> other[0] == rule[0] && other[1] == rule[1])) {
                rules.add(rule);
                merges.add(rule[0], rule[1], rule[2], rule[3]);
            }
        }
        int[] symbols = text.chars().map(c -> c - 'a').toArray();
        var expected = mergeOneByOne(symbols, rules);

        int size = new PairMerger(merges).merge(symbols, symbols.length);

        assertThat(Arrays.copyOf(symbols, size)).containsExactly(expected);
    }

    private static int[] mergeOneByOne(int[] symbols, List<int[]> rules) {
        var list = new ArrayList<Integer>();
        Arrays.stream(symbols).forEach(list::add);
        while (true) {
            int[] best = null;
            int at = -1;
            for (int i = 0; i + 1 < list.size(); i++) {
                for (int[] rule : rules) {
                    if (rule[0] == list.get(i) && rule[1] == list.get(i + 1) && (best == null || rule[2] < best[2])) {
                        best = rule;
                        at = i;
                    }
                }
            }
            if (best == null) {
                return list.stream().mapToInt(symbol -> symbol).toArray();
            }
            list.set(at, best[3]);
            list.remove(at + 1);
        }
    }

    @Property(tries = 400)
    void theUnigramCutHasTheBestScoreOfAll(
            @ForAll @CharRange(from = 'a', to = 'd') @StringLength(max = 10) String text, @ForAll long seed) {
        var random = new Random(seed);
        var trie = new TokenTrie();
        var tokens = new ArrayList<String>();
        float[] scores = new float[40];
        for (int id = 0; id < scores.length; id++) {
            var spelling = new StringBuilder();
            for (int i = random.nextInt(4); i >= 0; i--) {
                spelling.append((char) ('a' + random.nextInt(3)));
            }
            boolean fresh = !tokens.contains(spelling.toString());
            tokens.add(fresh ? spelling.toString() : "-");
            scores[id] = -10 * random.nextFloat();
            if (fresh) {
                trie.add(spelling.toString(), id);
            }
        }
        int unknown = scores.length;
        var out = new IntList();

        new UnigramModel(trie, scores, -10, new Fallback(null, unknown, false)).open(out).encode(text);

        double score = 0;
        var spelled = new StringBuilder();
        for (int id : out.toArray()) {
            score += id == unknown ? -20 : scores[id];
            spelled.append(id == unknown ? text.substring(spelled.length(), spelled.length() + 1) : tokens.get(id));
        }
        assertThat(spelled).hasToString(text);
        assertThat(score).isCloseTo(bestScore(text, tokens, scores), within(1e-4));
    }

    private static double bestScore(String text, List<String> tokens, float[] scores) {
        if (text.isEmpty()) {
            return 0;
        }
        double best = -20 + bestScore(text.substring(1), tokens, scores);
        for (int id = 0; id < scores.length; id++) {
            if (text.startsWith(tokens.get(id))) {
                best = Math.max(best, scores[id] + bestScore(text.substring(tokens.get(id).length()), tokens, scores));
            }
        }
        return best;
    }
}
