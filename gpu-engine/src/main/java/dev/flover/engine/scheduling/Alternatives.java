package dev.flover.engine.scheduling;

import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.StepPlan;
import org.jspecify.annotations.Nullable;

/// A view of one sample's most probable tokens in a plan. The object is reused for all samples.
final class Alternatives implements TopLogprobs {
    private int[] tokens = {};
    private float[] logprobs = {};
    private int first;
    private int count;

    /// Points this view at a sample with `wanted` alternatives.
    ///
    /// @return this view, or null if `wanted` is 0 or less
    @Nullable Alternatives of(StepPlan plan, int sample, int wanted) {
        if (wanted < 1) {
            return null;
        }
        tokens = plan.alternativeTokens;
        logprobs = plan.alternativeLogprobs;
        first = sample * StepPlan.MAX_ALTERNATIVES;
        count = wanted;
        while (tokens[first + count - 1] < 0) { // the vocabulary has fewer tokens than requested
            count--;
        }
        return this;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public int token(int rank) {
        return tokens[first + rank];
    }

    @Override
    public float logprob(int rank) {
        return logprobs[first + rank];
    }
}
