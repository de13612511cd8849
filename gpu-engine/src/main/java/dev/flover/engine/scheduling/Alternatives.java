package dev.flover.engine.scheduling;

import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.StepPlan;

/// A view of one sample's most probable tokens in a plan. The object is reused for all samples.
final class Alternatives implements TopLogprobs {
    private StepPlan plan;
    private int first;
    private int count;

    /// Points this view at a sample with `wanted` alternatives.
    ///
    /// @return this view, or null if `wanted` is 0 or less
    Alternatives of(StepPlan plan, int sample, int wanted) {
        if (wanted < 1) {
            return null;
        }
        this.plan = plan;
        first = sample * StepPlan.MAX_ALTERNATIVES;
        count = wanted;
        while (plan.alternativeTokens[first + count - 1] < 0) { // the vocabulary has fewer tokens than requested
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
        return plan.alternativeTokens[first + rank];
    }

    @Override
    public float logprob(int rank) {
        return plan.alternativeLogprobs[first + rank];
    }
}
