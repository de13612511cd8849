package dev.flover.engine.sampling;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Draws a token from a row of logits. Holds the working memory of one worker: not for use by two threads at once.
///
/// The steps, in this order: soft cap; logit bias, allowed set, ban of ending ids, and mask of a constraint; penalties;
/// then, at temperature 0, the greatest logit, and otherwise temperature, top-k, top-p, min-p, top-n-sigma, typical-p
/// and one draw. Each filter applies to the renormalised distribution that the one before left. Ties always go to the
/// lowest token id.
///
/// The draw inverts the cumulative distribution of integer masses: with `u = floor(r * total / 2^64)`, where `r` is the
/// result of [Philox#draw], it is the first token in vocabulary order whose cumulative mass exceeds `u`.
public final class Sampler {
    /// The result if the row's logits are not all finite, or if no token is left to draw.
    public static final int NOT_FINITE = -1;
    /// The result if the logits are finite but the sequence's constraint allows none of the tokens.
    public static final int NOTHING_FITS = -2;

    private final int vocabulary;
    private final LogitPasses passes;
    private final MemorySegment logits;
    private final Masses masses;
    private final Filters filters;
    private float logprob;

    /// @param vocabulary the number of logits in a row
    public Sampler(int vocabulary) {
        this(vocabulary, new PlainLogitPasses());
    }

    /// @param vocabulary the number of logits in a row
    /// @param passes     the passes over whole rows; stateless, so several samplers may share one object
    public Sampler(int vocabulary, LogitPasses passes) {
        this.vocabulary = vocabulary;
        this.passes = passes;
        logits = Arena.ofAuto().allocate(4L * vocabulary, 64);
        masses = new Masses(vocabulary);
        filters = new Filters(vocabulary);
    }

    /// Draws the next token of a sequence; does not append it to the state.
    ///
    /// @param row                 the memory that holds the logits as floats in native byte order; read only
    /// @param offset              the offset of the row's first logit, in bytes
    /// @param softCap             `cap * tanh(logit / cap)` is applied first; 0 for none
    /// @param alternativeTokens   receives `topLogprobs` token ids from index `alternativesAt` on, the most probable
    ///                            first
    /// @param alternativeLogprobs receives their logprobs, at the same indices
    /// @return the token, or [#NOT_FINITE], or [#NOTHING_FITS]
    public int sample(
            MemorySegment row, long offset, float softCap, SamplingState state,
            int[] alternativeTokens, float[] alternativeLogprobs, int alternativesAt) {
        logprob = Float.NaN;
        float greatest = read(row, offset, softCap);
        if (Float.isNaN(greatest)) {
            return NOT_FINITE;
        }
        double logTotal = 0;
        if (state.params().topLogprobs() >= 0) {
            logTotal = logSumExp(greatest);
            reportAlternatives(
                    state.params().topLogprobs(), logTotal, alternativeTokens, alternativeLogprobs, alternativesAt);
        }
        if (state.changesLogits()) {
            mask(state);
            penalise(state);
            greatest = passes.greatest(logits, vocabulary, true);
            if (!Float.isFinite(greatest)) {
                return state.isConstrained() ? NOTHING_FITS : NOT_FINITE;
            }
        }
        int token = state.params().temperature() == 0 ? indexOf(greatest) : draw(state, greatest);
        if (state.params().topLogprobs() >= 0) {
            logprob = (float) (capped(row.get(JAVA_FLOAT, offset + 4L * token), softCap) - logTotal);
        }
        return token;
    }

    /// The logprob of a given token: the natural logarithm of its probability in the softmax of the soft-capped logits.
    /// The parameters are those of [#sample].
    ///
    /// @param wanted the number of alternatives to report
    /// @return NaN if the row's logits are not all finite
    public float score(
            MemorySegment row, long offset, float softCap, int token, int wanted,
            int[] alternativeTokens, float[] alternativeLogprobs, int alternativesAt) {
        float greatest = read(row, offset, softCap);
        if (Float.isNaN(greatest)) {
            return Float.NaN;
        }
        double logTotal = logSumExp(greatest);
        reportAlternatives(wanted, logTotal, alternativeTokens, alternativeLogprobs, alternativesAt);
        return (float) (logit(token) - logTotal);
    }

    /// The logprob of the last drawn token: the natural logarithm of its probability in the softmax of the soft-capped
    /// logits, before bias, penalties, temperature and filters. NaN unless the request asked for logprobs.
    public float logprob() {
        return logprob;
    }

    /// Copies a row and applies the soft cap.
    ///
    /// @return the greatest logit; NaN if any logit is not finite
    private float read(MemorySegment row, long offset, float softCap) {
        MemorySegment.copy(row, offset, logits, 0, 4L * vocabulary);
        float greatest = passes.greatest(logits, vocabulary, false);
        if (softCap == 0) {
            return greatest;
        }
        for (int id = 0; id < vocabulary; id++) {
            set(id, capped(logit(id), softCap));
        }
        return passes.greatest(logits, vocabulary, false);
    }

    private float logit(int token) {
        return logits.getAtIndex(JAVA_FLOAT, token);
    }

    private void set(int token, float logit) {
        logits.setAtIndex(JAVA_FLOAT, token, logit);
    }

    private int indexOf(float wanted) {
        int token = 0;
        while (logit(token) != wanted) {
            token++;
        }
        return token;
    }

    /// The soft cap, `cap * tanh(logit / cap)`, with the tanh computed from [Exponential].
    private static float capped(float logit, float softCap) {
        if (softCap == 0) {
            return logit;
        }
        float e = Exponential.exp(-2 * Math.abs(logit / softCap));
        return Math.copySign(softCap * ((1 - e) / (1 + e)), logit);
    }

    /// The logarithm of the softmax's denominator. A logit minus this value is its logprob.
    private double logSumExp(float greatest) {
        masses.weigh(passes, logits, greatest, 1);
        return greatest + StrictMath.log(masses.total() / (double) Masses.UNIT);
    }

    /// Selects the most probable tokens, at most 20, by insertion sort.
    private void reportAlternatives(int wanted, double logTotal, int[] tokens, float[] logprobs, int at) {
        int count = 0;
        int limit = Math.min(wanted, vocabulary);
        float least = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < vocabulary && limit > 0; id++) {
            float logit = logit(id);
            if (count == limit && !(logit > least)) {
                continue;
            }
            int rank = count < limit ? count++ : count - 1;
            while (rank > 0 && logit(tokens[at + rank - 1]) < logit) {
                tokens[at + rank] = tokens[at + rank - 1];
                rank--;
            }
            tokens[at + rank] = id;
            least = logit(tokens[at + count - 1]);
        }
        for (int rank = 0; rank < count; rank++) {
            logprobs[at + rank] = (float) (logit(tokens[at + rank]) - logTotal);
        }
        for (int rank = count; rank < wanted; rank++) { // the vocabulary has fewer tokens than requested
            tokens[at + rank] = NOT_FINITE;
            logprobs[at + rank] = Float.NEGATIVE_INFINITY;
        }
    }

    private void mask(SamplingState state) {
        var bias = state.params().logitBias();
        for (int i = 0; i < bias.tokens().length; i++) {
            set(bias.tokens()[i], logit(bias.tokens()[i]) + bias.values()[i]);
        }
        var allowed = state.params().allowedOnly();
        if (!allowed.isEmpty()) {
            keepOnly(allowed.tokens());
        }
        var fitting = state.allowed();
        if (fitting != null) {
            keepFitting(fitting, state.ending());
        }
        if (state.forbidsEnding() && (fitting == null || fitting.anyText())) {
            for (int token : state.ending()) {
                set(token, Float.NEGATIVE_INFINITY);
            }
        }
    }

    private void keepFitting(MaskAhead.Allowed fitting, int[] ending) {
        float[] ends = new float[ending.length];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = logit(ending[i]);
        }
        for (int token = 0; token < vocabulary; token++) {
            if (!fitting.contains(token)) {
                set(token, Float.NEGATIVE_INFINITY);
            }
        }
        for (int i = 0; i < ends.length; i++) {
            set(ending[i], fitting.mayEnd() ? ends[i] : Float.NEGATIVE_INFINITY);
        }
    }

    private void keepOnly(int[] ascending) {
        int next = 0;
        for (int token : ascending) {
            forbid(next, token);
            next = token + 1;
        }
        forbid(next, vocabulary);
    }

    private void forbid(int first, int end) {
        for (int token = first; token < end; token++) {
            set(token, Float.NEGATIVE_INFINITY);
        }
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
                float logit = logit(token);
                logit = logit > 0 ? logit / params.repetitionPenalty() : logit * params.repetitionPenalty();
                if (count > 0) {
                    logit = Math.fma(-count, params.frequencyPenalty(), logit) - params.presencePenalty();
                }
                set(token, logit);
            }
        }
    }

    private int draw(SamplingState state, float greatest) {
        var params = state.params();
        masses.weigh(passes, logits, greatest, params.temperature());
        filters.apply(params, masses, logits, greatest);
        long random = Philox.draw(params.seed(), state.answerIndex(), state.generated());
        return masses.find(Math.unsignedMultiplyHigh(random, masses.total()));
    }
}
