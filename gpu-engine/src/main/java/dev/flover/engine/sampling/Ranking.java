package dev.flover.engine.sampling;

import java.util.Arrays;

/// Finds the token at a place of the order by probability, or where a mass is reached in it, without sorting.
///
/// ```
///   masses ─► those that can matter ─► keys ─► counts and masses of 32 bins an octave
///                                                  │ whole bins, the heaviest first
///                                                  └─► one bin's keys in a heap, popped one by one
/// ```
///
/// A key is `mass << 22 | (2^22 - 1 - id)`: the greatest is the most probable token, and among equals the one of the
/// lowest id.
final class Ranking {
    private static final int ID_BITS = 22;
    private static final long ID_MASK = (1L << ID_BITS) - 1;

    /// A float's bits without the lowest are its bin: 5 bits of mantissa, and exponents of masses from 1 to 2^40.
    private static final int BIN_SHIFT = 18;
    private static final int FIRST_BIN = Float.floatToRawIntBits(1) >>> BIN_SHIFT;
    private static final int BINS = (Float.floatToRawIntBits(Masses.UNIT) >>> BIN_SHIFT) - FIRST_BIN + 1;

    private final long[] keys;
    private final long[] heap;
    private final int[] binCounts = new int[BINS];
    private final long[] binMasses = new long[BINS];
    private int size;
    private long passed;

    Ranking(int vocabulary) {
        if (vocabulary > ID_MASK) {
            throw new IllegalArgumentException("a vocabulary has at most " + ID_MASK + " tokens, was " + vocabulary);
        }
        keys = new long[vocabulary];
        heap = new long[vocabulary];
    }

    static float mass(long key) {
        return key >>> ID_BITS;
    }

    static int token(long key) {
        return (int) (ID_MASK - (key & ID_MASK));
    }

    /// A mass that the `count` most probable tokens have at least: so many chunks have one of it.
    float leastOf(int count, Masses masses) {
        if (count > masses.chunks() / 4) {
            return 0;
        }
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            heap[chunk] = Float.floatToRawIntBits(masses.chunkMaximum(chunk));
        }
        heapify(masses.chunks());
        long least = 0;
        for (int popped = 0; popped < count; popped++) {
            least = pop(masses.chunks() - popped);
        }
        return Float.intBitsToFloat((int) least);
    }

    /// Takes the tokens that weigh at least `least`, and something.
    void collect(Masses masses, float least) {
        Arrays.fill(binCounts, 0);
        Arrays.fill(binMasses, 0);
        size = 0;
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            if (masses.chunkMaximum(chunk) >= least && masses.chunkTotal(chunk) > 0) {
                for (int id = chunk * LogitPasses.CHUNK; id < masses.chunkEnd(chunk); id++) {
                    float mass = masses.get(id);
                    if (mass >= least && mass > 0) {
                        long whole = (long) mass;
                        keys[size++] = whole << ID_BITS | ID_MASK - id;
                        binCounts[bin(mass)]++;
                        binMasses[bin(mass)] += whole;
                    }
                }
            }
        }
    }

    /// Tokens taken.
    int size() {
        return size;
    }

    /// The key of the `rank`th most probable of the tokens taken, the first being 1.
    long keyOf(int rank) {
        passed = 0;
        int before = 0;
        int bin = BINS - 1;
        for (; before + binCounts[bin] < rank; bin--) {
            before += binCounts[bin];
            passed += binMasses[bin];
        }
        long key = 0;
        for (int left = fill(bin); before < rank; before++, left--) {
            key = pop(left);
            passed += key >>> ID_BITS;
        }
        return key;
    }

    /// The mass of the most probable tokens, from the first to the one that was found last.
    long massUpTo() {
        return passed;
    }

    /// The key of the token with which the most probable ones' mass reaches `wanted`; 0 where all of them do not.
    long keyWhereMassReaches(double wanted) {
        passed = 0;
        int bin = BINS - 1;
        for (; bin >= 0 && passed + binMasses[bin] < wanted; bin--) {
            passed += binMasses[bin];
        }
        long key = 0;
        for (int left = bin < 0 ? 0 : fill(bin); left > 0 && passed < wanted; left--) {
            key = pop(left);
            passed += key >>> ID_BITS;
        }
        return key;
    }

    /// Makes a heap of one bin's keys; returns how many.
    private int fill(int bin) {
        int count = 0;
        for (int i = 0; count < binCounts[bin]; i++) {
            if (bin(mass(keys[i])) == bin) {
                heap[count++] = keys[i];
            }
        }
        heapify(count);
        return count;
    }

    private static int bin(float mass) {
        return (Float.floatToRawIntBits(mass) >>> BIN_SHIFT) - FIRST_BIN;
    }

    private void heapify(int size) {
        for (int i = size / 2 - 1; i >= 0; i--) {
            sink(i, size);
        }
    }

    /// Removes the greatest of a heap.
    private long pop(int size) {
        long greatest = heap[0];
        heap[0] = heap[size - 1];
        sink(0, size - 1);
        return greatest;
    }

    private void sink(int from, int size) {
        long key = heap[from];
        int i = from;
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= key) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = key;
    }
}
