package dev.flover.engine.scheduling;

import dev.flover.engine.backend.StepPlan;

/// One step under way: what the backend computes, and whose tokens it draws or scores. Reused.
public final class Step {
    private final StepPlan plan;

    /// Whose token it is, by sample of the plan.
    final int[] seats;

    public Step(int tokenBudget, int slots) {
        plan = new StepPlan(tokenBudget, slots);
        seats = new int[StepPlan.mostSamples(slots)];
    }

    public StepPlan plan() {
        return plan;
    }
}
