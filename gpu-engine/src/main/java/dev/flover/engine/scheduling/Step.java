package dev.flover.engine.scheduling;

import dev.flover.engine.backend.StepPlan;

/// One step under way: what the backend computes, and whose tokens it draws or scores. Reused.
///
/// From one use to the next mostly positions change: what the plan says of the same draws is not written again.
public final class Step {
    private final StepPlan plan;

    /// Whose token it is, by sample of the plan: first the draws, then what prefills draw and score.
    final int[] seats;
    private int draws;

    // What the plan says already: `written` draws, of the same seats as now so far, in the slots of that placement
    private int written;
    private boolean same;
    private long placement;

    public Step(int tokenBudget, int slots) {
        plan = new StepPlan(tokenBudget, slots);
        seats = new int[StepPlan.mostSamples(slots)];
    }

    public StepPlan plan() {
        return plan;
    }

    void clear() {
        plan.clear();
        draws = 0;
        same = true;
    }

    /// Samples that draw the next token of a text that is computed.
    int draws() {
        return draws;
    }

    void draw(int seat, int position) {
        if (seats[draws] != seat) {
            seats[draws] = seat;
            same = false;
        }
        plan.turns[draws] = position;       // a sequence that is drawn from has been stretched by then, or will not be
        plan.positions[draws++] = position;
    }

    /// Begins the plan with the draws.
    ///
    /// @param slots     by seat
    /// @param placement another number whenever one of them has changed
    void writeDraws(int[] slots, long placement) {
        if (same && draws <= written && placement == this.placement) {
            plan.repeatDraws(draws);
        } else {
            for (int i = 0; i < draws; i++) {
                plan.rowSlots[i] = slots[seats[i]];
            }
            plan.beginWithDraws(draws);
        }
        written = draws;
        this.placement = placement;
    }
}
