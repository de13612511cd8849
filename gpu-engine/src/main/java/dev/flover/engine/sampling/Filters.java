package dev.flover.engine.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/// Top-k, top-p, min-p and typical-p: each removes tokens from the masses.
///
/// Top-k and top-p keep a prefix of the order by probability, so it is enough to find, by [Ranking], where it ends.
final class Filters {
    private final int vocabulary;
    private final Ranking ranking;
    private final double[] surprise;
    private final int[] heap;

    Filters(int vocabulary) {
        this.vocabulary = vocabulary;
        ranking = new Ranking(vocabulary);
        surprise = new double[vocabulary];
        heap = new int[vocabulary];
    }

    /// @param masses of the logits; changed
    void apply(SamplingParams params, Masses masses, MemorySegment logits, float greatest) {
        if (params.topK() > 0 && params.topK() < vocabulary || params.topP() < 1) {
            keepGreatest(params.topK(), params.topP(), masses);
        }
        if (params.minP() > 0) {
            double least = (double) params.minP() * Masses.UNIT;
            masses.keep((float) least < least ? Math.nextUp((float) least) : (float) least, vocabulary);
        }
        if (params.typicalP() < 1) {
            keepTypical(params, masses, logits, greatest);
        }
    }

    /// Keeps the `topK` most probable tokens (0 for all), and of them the shortest prefix whose mass reaches `topP` of
    /// theirs.
    private void keepGreatest(int topK, float topP, Masses masses) {
        boolean few = topK > 0 && topK < vocabulary;
        ranking.collect(masses, few ? ranking.leastOf(topK, masses) : leastInNucleus(topP, masses));
        long considered = masses.total();
        long least = 0;
        if (few && topK <= ranking.size()) {
            least = ranking.keyOf(topK);
            considered = ranking.massUpTo();
        }
        if (topP < 1) {
            least = ranking.keyWhereMassReaches(topP * (double) considered);
        }
        masses.keep(Ranking.mass(least), Ranking.token(least));
    }

    /// A mass that every token of the nucleus has: all that are lighter have less than `1 - topP` together.
    private float leastInNucleus(float topP, Masses masses) {
        return (float) (0.999 * (1 - (double) topP) * masses.total() / vocabulary);
    }

    /// Keeps the tokens whose surprise is nearest to the expected one (Meister et al. 2022). The expectation is summed
    /// in vocabulary order.
    private void keepTypical(SamplingParams params, Masses masses, MemorySegment logits, float greatest) {
        long total = masses.total();
        double logTotal = StrictMath.log(total / (double) Masses.UNIT);
        double entropy = 0;
        int size = 0;
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            int end = masses.chunkTotal(chunk) > 0 ? masses.chunkEnd(chunk) : 0;
            for (int id = chunk * LogitPasses.CHUNK; id < end; id++) {
                if (masses.get(id) > 0) {
                    float scaled = (logits.getAtIndex(JAVA_FLOAT, id) - greatest) / params.temperature();
                    surprise[id] = logTotal - scaled;
                    entropy += (long) masses.get(id) / (double) total * surprise[id];
                    heap[size++] = id;
                }
            }
        }
        for (int i = 0; i < size; i++) {
            surprise[heap[i]] = Math.abs(surprise[heap[i]] - entropy);
        }
        heapifyBySurprise(size);
        double wanted = params.typicalP() * (double) total;
        long kept = 0;
        while (kept < wanted && size > 0) {
            kept += (long) masses.get(popLeastSurprising(size--));
        }
        for (int i = 0; i < size; i++) {
            masses.remove(heap[i]);
        }
    }

    private void heapifyBySurprise(int size) {
        for (int i = size / 2 - 1; i >= 0; i--) {
            sinkBySurprise(i, size);
        }
    }

    private int popLeastSurprising(int size) {
        int id = heap[0];
        heap[0] = heap[size - 1];
        sinkBySurprise(0, size - 1);
        return id;
    }

    private void sinkBySurprise(int from, int size) {
        int id = heap[from];
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

    private boolean moreTypical(int a, int b) {
        double difference = surprise[a] - surprise[b];
        return difference < 0 || difference == 0 && a < b;
    }
}
