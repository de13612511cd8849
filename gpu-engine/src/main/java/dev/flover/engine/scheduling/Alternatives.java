package dev.flover.engine.scheduling;

import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.StepPlan;

/// A reused view of one sample's most probable tokens in a plan.
final class Alternatives implements TopLogprobs {
    private StepPlan plan;
    private int first;
    private int count;

    /// This view, of `wanted` alternatives; null if none are wanted.
    Alternatives of(StepPlan plan, int sample, int wanted) {
        if (wanted < 1) {
            return null;
        }
        this.plan = plan;
        first = sample * StepPlan.MAX_ALTERNATIVES;
        count = wanted;
        while (plan.alternativeTokens[first + count - 1] < 0) {     // asked for more than the vocabulary has
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
