package dev.flover.engine.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/// Top-k, top-p, min-p, top-n-sigma and typical-p: each sets the masses of some tokens to 0.
///
/// All but min-p and top-n-sigma keep a prefix of an order of the tokens, either by probability or by how typical they
/// are; so it is enough to find the end of this prefix, with [Ranking].
final class Filters {
    private static final long LEAST_MASS = Ranking.descending(1);
    /// The greatest deviation from the expected surprise, in nats, that is ranked exactly; a token with a larger one
    /// has no mass.
    private static final long GREATEST_DEVIATION = Ranking.ascending(64);

    /// The standard deviation of a row is computed from distances to the greatest logit as whole numbers of 1/4096, so
    /// that the order of additions does not matter.
    private static final float STEPS = 0x1p12f;
    /// The greatest distance: a logit farther below counts as this far. So the sum of squares of 2^22 tokens fits 64
    /// bits.
    private static final float FARTHEST = 256;

    private final int vocabulary;
    private final Ranking ranking;
    private final double[] surprise;

    Filters(int vocabulary) {
        this.vocabulary = vocabulary;
        ranking = new Ranking(vocabulary);
        surprise = new double[vocabulary];
    }

    /// Applies the filters that the parameters turn on.
    ///
    /// @param masses the masses of the logits; changed
    void apply(SamplingParams params, Masses masses, MemorySegment logits, float greatest) {
        if (params.topK() > 0 && params.topK() < vocabulary || params.topP() < 1) {
            keepGreatest(params.topK(), params.topP(), masses);
        }
        if (params.minP() > 0) {
            double least = (double) params.minP() * Masses.UNIT;
            masses.keep((float) least < least ? Math.nextUp((float) least) : (float) least, vocabulary);
        }
        if (params.topNSigma() > 0) {
            keepNear(greatest, params.topNSigma(), masses, logits);
        }
        if (params.typicalP() < 1) {
            keepTypical(params, masses, logits, greatest);
        }
    }

    /// Keeps the `topK` most probable tokens (0 for all), and of those the shortest prefix whose mass reaches the
    /// fraction `topP` of their mass.
    private void keepGreatest(int topK, float topP, Masses masses) {
        boolean few = topK > 0 && topK < vocabulary;
        rankByMass(masses, few ? leastOf(topK, masses) : leastInNucleus(topP, masses));
        long considered = masses.total();
        int last = ranking.size() - 1;
        float least = 0;
        if (few && topK <= ranking.size()) {
            last = ranking.at(topK);
            least = ranking.mass(last);
            considered = ranking.massUpTo();
        }
        if (topP < 1) {
            last = ranking.whereMassReaches(topP * (double) considered);
            least = ranking.mass(last);
        }
        masses.keep(least, ranking.token(last));
    }

    /// A lower bound of the masses of the `count` most probable tokens: at least `count` chunks have a token with this
    /// mass.
    private float leastOf(int count, Masses masses) {
        if (count > masses.chunks() / 4) {
            return 0;
        }
        ranking.clear(LEAST_MASS);
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            float maximum = masses.chunkMaximum(chunk);
            ranking.take(chunk, Ranking.descending(maximum), maximum);
        }
        return ranking.mass(ranking.at(count));
    }

    /// A lower bound of the masses in the nucleus: all tokens below it together have less than the fraction `1 - topP`
    /// of the mass.
    private float leastInNucleus(float topP, Masses masses) {
        return (float) (0.999 * (1 - (double) topP) * masses.total() / vocabulary);
    }

    /// Ranks the tokens whose mass is at least `least` and not 0.
    private void rankByMass(Masses masses, float least) {
        ranking.clear(LEAST_MASS);
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            if (masses.chunkMaximum(chunk) >= least && masses.chunkTotal(chunk) > 0) {
                for (int token = chunk * LogitPasses.CHUNK; token < masses.chunkEnd(chunk); token++) {
                    float mass = masses.get(token);
                    if (mass >= least && mass > 0) {
                        ranking.take(token, Ranking.descending(mass), mass);
                    }
                }
            }
        }
    }

    /// Keeps the tokens whose logit lies at most `count` standard deviations below the greatest (Tang et al. 2024).
    private void keepNear(float greatest, float count, Masses masses, MemorySegment logits) {
        float least = (float) (greatest - count * deviation(greatest, logits));
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            int end = masses.chunkTotal(chunk) > 0 ? masses.chunkEnd(chunk) : 0;
            for (int token = chunk * LogitPasses.CHUNK; token < end; token++) {
                if (logits.getAtIndex(JAVA_FLOAT, token) < least) {
                    masses.remove(token);
                }
            }
        }
    }

    /// The standard deviation of all logits that are not masked.
    private double deviation(float greatest, MemorySegment logits) {
        long count = 0;
        long sum = 0;
        long squares = 0;
        for (int token = 0; token < vocabulary; token++) {
            float logit = logits.getAtIndex(JAVA_FLOAT, token);
            if (logit > Float.NEGATIVE_INFINITY) {
                long distance = (long) (Math.min(greatest - logit, FARTHEST) * STEPS);
                count++;
                sum += distance;
                squares += distance * distance;
            }
        }
        double mean = (double) sum / count;
        return Math.sqrt((double) squares / count - mean * mean) / STEPS;
    }

    /// Keeps the tokens whose surprise is closest to the expected surprise (Meister et al. 2022).
    private void keepTypical(SamplingParams params, Masses masses, MemorySegment logits, float greatest) {
        double expected = findSurprise(params.temperature(), masses, logits, greatest);
        double wanted = params.typicalP() * (double) masses.total();
        masses.keep(leastTypical(params.typicalP(), expected, masses), vocabulary);
        ranking.clear(GREATEST_DEVIATION);
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            int end = masses.chunkTotal(chunk) > 0 ? masses.chunkEnd(chunk) : 0;
            for (int token = chunk * LogitPasses.CHUNK; token < end; token++) {
                float mass = masses.get(token);
                if (mass > 0) {
                    ranking.take(token, Ranking.ascending(Math.abs(surprise[token] - expected)), mass);
                }
            }
        }
        int last = ranking.whereMassReaches(wanted);
        for (int index = 0; index < ranking.size(); index++) {
            if (ranking.precedes(last, index)) {
                masses.remove(ranking.token(index));
            }
        }
    }

    /// A lower bound of the masses of typical tokens: all tokens below it together have less than the fraction `1 -
    /// typicalP` of the mass, and the surprise of each is more than twice the expected one, so that every token with a
    /// greater mass is closer to it.
    private float leastTypical(float typicalP, double expected, Masses masses) {
        double share = Math.min((1 - (double) typicalP) / vocabulary, StrictMath.exp(-2 * expected));
        double least = 0.98 * share * masses.total();
        return least < 1000 ? 0 : (float) least; // leaves a margin for the truncation of masses to integers
    }

    /// Computes the surprise of every token, in nats.
    ///
    /// @return the expected surprise, that is, the entropy, summed in vocabulary order
    private double findSurprise(float temperature, Masses masses, MemorySegment logits, float greatest) {
        double total = masses.total();
        double logTotal = StrictMath.log(total / Masses.UNIT);
        double entropy = 0;
        for (int chunk = 0; chunk < masses.chunks(); chunk++) {
            int end = masses.chunkTotal(chunk) > 0 ? masses.chunkEnd(chunk) : 0;
            for (int token = chunk * LogitPasses.CHUNK; token < end; token++) {
                float mass = masses.get(token);
                if (mass > 0) {
                    surprise[token] = logTotal - (logits.getAtIndex(JAVA_FLOAT, token) - greatest) / temperature;
                    entropy += mass / total * surprise[token];
                }
            }
        }
        return entropy;
    }
}
