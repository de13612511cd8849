package dev.flover.engine.tokenizer.subword;

import java.util.Arrays;

/// The pairs of neighbouring symbols that can be merged, with their ranks and results. Symbols are ints; negative ones
/// never merge.
final class PairMerges {
    private final LongIntTable pairs;
    private int[] ranks;
    private int[] results;
    private int size;

    PairMerges(int expected) {
        this.pairs = new LongIntTable(expected);
        this.ranks = new int[Math.max(16, expected)];
        this.results = new int[Math.max(16, expected)];
    }

    /// @param rank a pair with a lower rank is merged first
    void add(int left, int right, int rank, int result) {
        if (size == ranks.length) {
            ranks = Arrays.copyOf(ranks, size * 2);
            results = Arrays.copyOf(results, size * 2);
        }
        pairs.putIfAbsent(key(left, right), size);
        ranks[size] = rank;
        results[size++] = result;
    }

    /// The index of a merge, for [#rank] and [#result]; -1 if the two symbols do not merge.
    int find(int left, int right) {
        return (left | right) < 0 ? -1 : pairs.get(key(left, right));
    }

    int rank(int merge) {
        return ranks[merge];
    }

    int result(int merge) {
        return results[merge];
    }

    private static long key(int left, int right) {
        return (long) left << 32 | right;
    }
}
