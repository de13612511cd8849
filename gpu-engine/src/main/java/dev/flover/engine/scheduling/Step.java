package dev.flover.engine.scheduling;

import dev.flover.engine.backend.StepPlan;

/// One step: its plan for the backend, and the seats of the sequences whose tokens it draws or scores. The object is
/// reused.
///
/// From one use to the next usually only positions change; the unchanged parts of the plan are not written again.
public final class Step {
    private final StepPlan plan;

    /// By sample of the plan: the seat of the sequence. First the samples that decode, then those of prefills.
    final int[] seats;
    private int draws;

    // The content of the plan so far: `written` draws, so far of the same seats as now, with slots of the placement
    // `placement`
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

    /// The number of samples that draw the next token of a sequence that decodes.
    int draws() {
        return draws;
    }

    void draw(int seat, int position) {
        if (seats[draws] != seat) {
            seats[draws] = seat;
            same = false;
        }
        plan.turns[draws] = position; // while a sequence decodes, its positions are either all stretched or all not
        plan.positions[draws++] = position;
    }

    /// Writes the draws at the beginning of the plan.
    ///
    /// @param slots     the slot of each seat
    /// @param placement changes whenever an element of `slots` changes
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
