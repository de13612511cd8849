package dev.flover.engine.sampling;

/// Top-k, top-p, min-p and typical-p: each sets to 0 the masses of the tokens it removes.
///
/// Tokens are ranked through one binary heap of longs, `mass << 22 | (2^22 - 1 - id)`: the greatest key is the most
/// probable token, and among equals the one of the lowest id. Building it is linear in the vocabulary, and only as many
/// keys are popped as a filter keeps.
final class Filters {
    private static final int ID_BITS = 22;
    private static final long ID_MASK = (1L << ID_BITS) - 1;

    private final int vocabulary;
    private final long[] heap;
    private final double[] surprise;

    Filters(int vocabulary) {
        if (vocabulary > ID_MASK) {
            throw new IllegalArgumentException("a vocabulary has at most " + ID_MASK + " tokens, was " + vocabulary);
        }
        this.vocabulary = vocabulary;
        heap = new long[vocabulary];
        surprise = new double[vocabulary];
    }

    /// @param logits scaled by temperature, the greatest being 0
    /// @param masses of the logits; changed
    /// @param total  sum of the masses
    /// @return the sum of what is left
    long apply(SamplingParams params, float[] logits, long[] masses, long total) {
        long left = total;
        if (params.topK() > 0 && params.topK() < vocabulary || params.topP() < 1) {
            left = keepGreatest(params.topK(), params.topP(), masses, left);
        }
        if (params.minP() > 0) {
            left = keepAtLeast((double) params.minP() * Sampler.UNIT, masses);
        }
        if (params.typicalP() < 1) {
            left = keepTypical(params.typicalP(), logits, masses, left);
        }
        return left;
    }

    /// Pops the `topK` most probable tokens (0 for all), then keeps the shortest prefix of them whose mass reaches
    /// `topP` of theirs.
    private long keepGreatest(int topK, float topP, long[] masses, long total) {
        int size = collect(masses);
        long considered = total;
        long least = 0;
        if (topK > 0 && topK < size) {
            considered = 0;
            int end = size - topK;
            for (int left = size; left > end; left--) {
                least = pop(left);
                considered += least >>> ID_BITS;
            }
        }
        if (topP < 1) {
            least = topK > 0 && topK < size
                    ? nucleusOfPopped(size, topP * (double) considered)
                    : popNucleus(size, topP * (double) considered);
        }
        return removeBelow(least, masses);
    }

    /// Popped keys stand behind the heap, the greatest last.
    private long nucleusOfPopped(int size, double wanted) {
        int place = size;
        for (long mass = 0; mass < wanted; ) {
            mass += heap[--place] >>> ID_BITS;
        }
        return heap[place];
    }

    private long popNucleus(int size, double wanted) {
        long least = 0;
        int left = size;
        for (long mass = 0; mass < wanted && left > 0; left--) {
            least = pop(left);
            mass += least >>> ID_BITS;
        }
        return least;
    }

    private long removeBelow(long leastKey, long[] masses) {
        long total = 0;
        for (int id = 0; id < vocabulary; id++) {
            if (key(masses[id], id) < leastKey) {
                masses[id] = 0;
            }
            total += masses[id];
        }
        return total;
    }

    private long keepAtLeast(double leastMass, long[] masses) {
        long total = 0;
        for (int id = 0; id < vocabulary; id++) {
            if (masses[id] < leastMass) {
                masses[id] = 0;
            }
            total += masses[id];
        }
        return total;
    }

    /// Keeps the tokens whose surprise is nearest to the expected one (Meister et al. 2022). The expectation is summed
    /// in vocabulary order.
    private long keepTypical(float typicalP, float[] logits, long[] masses, long total) {
        double logTotal = StrictMath.log(total / (double) Sampler.UNIT);
        double entropy = 0;
        for (int id = 0; id < vocabulary; id++) {
            if (masses[id] > 0) {
                entropy += masses[id] / (double) total * (logTotal - logits[id]);
            }
        }
        int size = 0;
        for (int id = 0; id < vocabulary; id++) {
            surprise[id] = Math.abs(logTotal - logits[id] - entropy);
            if (masses[id] > 0) {
                heap[size++] = id;
            }
        }
        heapifyBySurprise(size);
        double wanted = typicalP * (double) total;
        long kept = 0;
        while (kept < wanted && size > 0) {
            kept += masses[popLeastSurprising(size--)];
        }
        for (int i = 0; i < size; i++) {
            masses[(int) heap[i]] = 0;
        }
        return kept;
    }

    private int collect(long[] masses) {
        int size = 0;
        for (int id = 0; id < vocabulary; id++) {
            if (masses[id] > 0) {
                heap[size++] = key(masses[id], id);
            }
        }
        for (int i = size / 2 - 1; i >= 0; i--) {
            sink(i, size);
        }
        return size;
    }

    private static long key(long mass, int id) {
        return mass << ID_BITS | ID_MASK - id;
    }

    /// Moves the greatest key behind the others.
    private long pop(int size) {
        long greatest = heap[0];
        heap[0] = heap[size - 1];
        heap[size - 1] = greatest;
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

    private void heapifyBySurprise(int size) {
        for (int i = size / 2 - 1; i >= 0; i--) {
            sinkBySurprise(i, size);
        }
    }

    private int popLeastSurprising(int size) {
        int id = (int) heap[0];
        heap[0] = heap[size - 1];
        sinkBySurprise(0, size - 1);
        return id;
    }

    private void sinkBySurprise(int from, int size) {
        long id = heap[from];
        int i = from;
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && moreTypical(heap[child + 1], heap[child])) {
                child++;
            }
            if (!moreTypical(heap[child], id)) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = id;
    }

    private boolean moreTypical(long a, long b) {
        double difference = surprise[(int) a] - surprise[(int) b];
        return difference < 0 || difference == 0 && a < b;
    }
}
