package dev.flover.engine.sampling;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Draws a token from a row of logits. Scratch memory of one worker: not for use by two threads at once.
///
/// In this order: soft cap; logit bias, allowed set and ending ids; penalties; then at temperature 0 the greatest
/// logit, and otherwise temperature, top-k, top-p, min-p, typical-p and one draw. Each filter sees the distribution
/// that the one before left, renormalised. Ties are broken by the lowest token id everywhere.
///
/// The draw is an inverse cumulative distribution over integer masses: with `u = floor(r * total / 2^64)`, where `r` is
/// [Philox#draw], the first token in vocabulary order whose cumulative mass exceeds `u`.
public final class Sampler {
    /// Returned where the row's logits were not all finite, or left no token to draw.
    public static final int NOT_FINITE = -1;

    /// The mass of the most probable token: probabilities below its inverse are 0.
    static final float UNIT = 0x1p40f;

    private static final int CHUNK = 1024;

    private final int vocabulary;
    private final float[] chunk = new float[CHUNK];
    private final float[] logits;
    private final long[] masses;
    private final Filters filters;
    private float logprob;

    /// @param vocabulary logits in a row
    public Sampler(int vocabulary) {
        this.vocabulary = vocabulary;
        logits = new float[vocabulary];
        masses = new long[vocabulary];
        filters = new Filters(vocabulary);
    }

    /// Draws the next token of a sequence; does not append it to the state.
    ///
    /// @param row                 memory that holds the logits, in native byte order; read only
    /// @param offset              in bytes, of the row's first logit
    /// @param softCap             `cap * tanh(logit / cap)` applied first; 0 for none
    /// @param alternativeTokens   receives `topLogprobs` token ids from `alternativesAt` on, best first
    /// @param alternativeLogprobs their logprobs
    /// @return the token, or [#NOT_FINITE]
    public int sample(
            MemorySegment row, long offset, float softCap, SamplingState state,
            int[] alternativeTokens, float[] alternativeLogprobs, int alternativesAt) {
        logprob = Float.NaN;
        if (softCap == 0 && state.isArgmax()) {
            return argmax(row, offset);
        }
        MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, offset, logits, 0, vocabulary);
        if (!allFinite()) {
            return NOT_FINITE;
        }
        cap(softCap);
        double logTotal = 0;
        if (state.params().topLogprobs() >= 0) {
            logTotal = logSumExp();
            reportAlternatives(
                    state.params().topLogprobs(), logTotal, alternativeTokens, alternativeLogprobs, alternativesAt);
        }
        mask(state);
        penalise(state);
        int token = state.params().temperature() == 0 ? indexOfGreatest() : draw(state);
        if (state.params().topLogprobs() >= 0 && token != NOT_FINITE) {
            logprob = (float) (capped(row.get(ValueLayout.JAVA_FLOAT, offset + 4L * token), softCap) - logTotal);
        }
        return token;
    }

    /// Natural log of a known token's probability in the softmax of the soft-capped logits.
    ///
    /// Parameters as [#sample]'s.
    ///
    /// @param wanted how many alternatives to report
    /// @return NaN where the row's logits were not all finite
    public float score(
            MemorySegment row, long offset, float softCap, int token, int wanted,
            int[] alternativeTokens, float[] alternativeLogprobs, int alternativesAt) {
        MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, offset, logits, 0, vocabulary);
        if (!allFinite()) {
            return Float.NaN;
        }
        cap(softCap);
        double logTotal = logSumExp();
        reportAlternatives(wanted, logTotal, alternativeTokens, alternativeLogprobs, alternativesAt);
        return (float) (logits[token] - logTotal);
    }

    /// Natural log of the last drawn token's probability in the softmax of the soft-capped logits, before bias,
    /// penalties, temperature and filters; NaN unless its request asked for logprobs.
    public float logprob() {
        return logprob;
    }

    /// One pass over the row, a chunk at a time.
    private int argmax(MemorySegment row, long offset) {
        float greatest = Float.NEGATIVE_INFINITY;
        int token = NOT_FINITE;
        for (int first = 0; first < vocabulary; first += CHUNK) {
            int count = Math.min(CHUNK, vocabulary - first);
            MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, offset + 4L * first, chunk, 0, count);
            float max = greatest(chunk, count);
            if (!(max < Float.POSITIVE_INFINITY) || !(least(chunk, count) > Float.NEGATIVE_INFINITY)) {
                return NOT_FINITE;
            }
            if (max > greatest) {
                greatest = max;
                token = first + indexOf(chunk, max);
            }
        }
        return token;
    }

    private boolean allFinite() {
        return greatest(logits, vocabulary) < Float.POSITIVE_INFINITY
                && least(logits, vocabulary) > Float.NEGATIVE_INFINITY;
    }

    /// NaN if any value is.
    private static float greatest(float[] values, int count) {
        float greatest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            greatest = Math.max(greatest, values[i]);
        }
        return greatest;
    }

    /// NaN if any value is.
    private static float least(float[] values, int count) {
        float least = Float.POSITIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            least = Math.min(least, values[i]);
        }
        return least;
    }

    private static int indexOf(float[] values, float wanted) {
        int i = 0;
        while (values[i] != wanted) {
            i++;
        }
        return i;
    }

    private int indexOfGreatest() {
        float greatest = greatest(logits, vocabulary);
        return Float.isFinite(greatest) ? indexOf(logits, greatest) : NOT_FINITE;
    }

    private void cap(float softCap) {
        if (softCap != 0) {
            for (int i = 0; i < vocabulary; i++) {
                logits[i] = capped(logits[i], softCap);
            }
        }
    }

    /// `cap * tanh(logit / cap)`, with tanh from [Exponential].
    private static float capped(float logit, float softCap) {
        if (softCap == 0) {
            return logit;
        }
        float e = Exponential.exp(-2 * Math.abs(logit / softCap));
        return Math.copySign(softCap * ((1 - e) / (1 + e)), logit);
    }

    /// The log of the softmax's denominator; to be subtracted from a logit.
    private double logSumExp() {
        float greatest = greatest(logits, vocabulary);
        long total = 0;
        for (int i = 0; i < vocabulary; i++) {
            total += mass(logits[i] - greatest);
        }
        return greatest + StrictMath.log(total / (double) UNIT);
    }

    /// @param exponent at most 0
    static long mass(float exponent) {
        return (long) (Exponential.exp(exponent) * UNIT);
    }

    /// Selects the best few by insertion: at most 20 of them.
    private void reportAlternatives(int wanted, double logTotal, int[] tokens, float[] logprobs, int at) {
        int count = 0;
        int limit = Math.min(wanted, vocabulary);
        float least = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < vocabulary && limit > 0; id++) {
            float logit = logits[id];
            if (count == limit && !(logit > least)) {
                continue;
            }
            int rank = count < limit ? count++ : count - 1;
            while (rank > 0 && logits[tokens[at + rank - 1]] < logit) {
                tokens[at + rank] = tokens[at + rank - 1];
                rank--;
            }
            tokens[at + rank] = id;
            least = logits[tokens[at + count - 1]];
        }
        for (int rank = 0; rank < count; rank++) {
            logprobs[at + rank] = (float) (logits[tokens[at + rank]] - logTotal);
        }
        for (int rank = count; rank < wanted; rank++) {     // a vocabulary smaller than what was asked for
            tokens[at + rank] = NOT_FINITE;
            logprobs[at + rank] = Float.NEGATIVE_INFINITY;
        }
    }

    private void mask(SamplingState state) {
        var bias = state.params().logitBias();
        for (int i = 0; i < bias.tokens().length; i++) {
            logits[bias.tokens()[i]] += bias.values()[i];
        }
        var allowed = state.params().allowedOnly();
        if (!allowed.isEmpty()) {
            keepOnly(allowed.tokens());
        }
        if (state.forbidsEnding()) {
            for (int token : state.ending()) {
                logits[token] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private void keepOnly(int[] ascending) {
        int next = 0;
        for (int token : ascending) {
            Arrays.fill(logits, next, token, Float.NEGATIVE_INFINITY);
            next = token + 1;
        }
        Arrays.fill(logits, next, vocabulary, Float.NEGATIVE_INFINITY);
    }

    private void penalise(SamplingState state) {
        var params = state.params();
        if (!params.penalises()) {
            return;
        }
        var counts = state.counts();
        for (int place = 0; place < counts.places(); place++) {
            if (counts.occupied(place)) {
                int token = counts.token(place);
                int count = counts.answerCount(place);
                float logit = logits[token];
                logit = logit > 0 ? logit / params.repetitionPenalty() : logit * params.repetitionPenalty();
                if (count > 0) {
                    logit = Math.fma(-count, params.frequencyPenalty(), logit) - params.presencePenalty();
                }
                logits[token] = logit;
            }
        }
    }

    private int draw(SamplingState state) {
        var params = state.params();
        float greatest = greatest(logits, vocabulary);
        if (!Float.isFinite(greatest)) {
            return NOT_FINITE;
        }
        long total = 0;
        for (int i = 0; i < vocabulary; i++) {
            logits[i] = (logits[i] - greatest) / params.temperature();
            masses[i] = mass(logits[i]);
            total += masses[i];
        }
        total = filters.apply(params, logits, masses, total);
        long random = Philox.draw(params.seed(), state.answerIndex(), state.generated());
        long u = Math.unsignedMultiplyHigh(random, total);
        int token = -1;
        for (long cumulative = 0; cumulative <= u; ) {
            cumulative += masses[++token];
        }
        return token;
    }
}
