package dev.flover.engine.scheduling;

import dev.flover.engine.backend.StepPlan;

/// One step under way: what the backend computes, and whose tokens it draws. Reused.
public final class Step {
    private final StepPlan plan;

    /// By sample of the plan.
    final Sequence[] drawing;

    public Step(int tokenBudget, int slots) {
        plan = new StepPlan(tokenBudget, slots);
        drawing = new Sequence[slots];
    }

    public StepPlan plan() {
        return plan;
    }
}
