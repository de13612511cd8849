package dev.flover.engine.sampling;

import java.util.Arrays;

/// Selects from an order of tokens, without sorting all of them: the token at a place, or the token with which the
/// cumulative mass reaches a value.
///
/// ```
///   tokens in vocabulary order ─► keys ─► counts and masses of 32 bins an octave
///                                            │ whole bins, the greatest keys' first
///                                            └─► one bin's tokens in a heap, popped one by one
/// ```
///
/// The order is by descending key; equal keys are ordered by ascending token. A key is made from a non-negative double,
/// by [#descending] or [#ascending].
final class Ranking {
    /// The number of low bits of a key that its bin ignores: a bin is an exponent and 5 bits of mantissa. There are
    /// enough bins for the whole range of masses.
    private static final int BIN_SHIFT = 47;
    private static final int BINS = (int) (descending(Masses.UNIT) - descending(1) >>> BIN_SHIFT) + 1;

    private final long[] keys;
    private final int[] tokens;
    private final float[] masses;
    private final int[] heap;
    private final int[] binCounts = new int[BINS];
    private final long[] binMasses = new long[BINS];
    private long lowestBin;
    private int size;
    private long passed;

    Ranking(int vocabulary) {
        keys = new long[vocabulary];
        tokens = new int[vocabulary];
        masses = new float[vocabulary];
        heap = new int[vocabulary];
    }

    /// The key that orders values from the greatest to the least.
    static long descending(double value) {
        return Double.doubleToRawLongBits(value);
    }

    /// The key that orders values from the least to the greatest.
    static long ascending(double value) {
        return Long.MAX_VALUE - Double.doubleToRawLongBits(value);
    }

    /// Removes all tokens.
    ///
    /// @param lowest the least key that has a bin of its own; the bins reach 40 octaves of values up from it
    void clear(long lowest) {
        Arrays.fill(binCounts, 0);
        Arrays.fill(binMasses, 0);
        lowestBin = lowest >>> BIN_SHIFT;
        size = 0;
    }

    /// Adds a token. Tokens must be added in ascending order.
    void take(int token, long key, float mass) {
        int bin = bin(key);
        binCounts[bin]++;
        binMasses[bin] += (long) mass;
        keys[size] = key;
        masses[size] = mass;
        tokens[size++] = token;
    }

    /// The number of tokens added. A token's index is its place among them, in vocabulary order.
    int size() {
        return size;
    }

    int token(int index) {
        return tokens[index];
    }

    float mass(int index) {
        return masses[index];
    }

    /// Whether the token at `index` comes before the one at `other` in the order by key.
    boolean precedes(int index, int other) {
        return keys[index] > keys[other] || keys[index] == keys[other] && index < other;
    }

    /// The index of the token at a place of the order, where the first place is 1.
    int at(int place) {
        passed = 0;
        int before = 0;
        int bin = BINS - 1;
        for (; before + binCounts[bin] < place; bin--) {
            before += binCounts[bin];
            passed += binMasses[bin];
        }
        int left = fill(bin);
        int index = pop(left);
        for (before++; before < place; before++) {
            index = pop(--left);
        }
        return index;
    }

    /// The index of the first token in the order with which the cumulative mass reaches `wanted`. The sum of all masses
    /// must reach it.
    int whereMassReaches(double wanted) {
        passed = 0;
        int bin = BINS - 1;
        for (; passed + binMasses[bin] < wanted; bin--) {
            passed += binMasses[bin];
        }
        int left = fill(bin);
        int index = pop(left);
        while (passed < wanted) {
            index = pop(--left);
        }
        return index;
    }

    /// The cumulative mass of the order up to and including the token that was found last.
    long massUpTo() {
        return passed;
    }

    private int bin(long key) {
        return Math.clamp((key >>> BIN_SHIFT) - lowestBin, 0, BINS - 1);
    }

    /// Makes a heap of the tokens of one bin.
    ///
    /// @return the number of these tokens
    private int fill(int bin) {
        int count = 0;
        for (int index = 0; count < binCounts[bin]; index++) {
            if (bin(keys[index]) == bin) {
                heap[count++] = index;
            }
        }
        for (int i = count / 2 - 1; i >= 0; i--) {
            sink(i, count);
        }
        return count;
    }

    /// Removes the token that comes first in the order from the heap.
    private int pop(int size) {
        int first = heap[0];
        passed += (long) masses[first];
        heap[0] = heap[size - 1];
        sink(0, size - 1);
        return first;
    }

    private void sink(int from, int size) {
        int index = heap[from];
        int i = from;
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && precedes(heap[child + 1], heap[child])) {
                child++;
            }
            if (!precedes(heap[child], index)) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = index;
    }
}
