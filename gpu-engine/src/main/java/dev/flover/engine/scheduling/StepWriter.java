package dev.flover.engine.scheduling;

import dev.flover.engine.backend.StepPlan;

/// Writes what was selected for a step to its plan.
final class StepWriter {
    private final SlotMap<Sequence> slots;
    private final Seats seats;
    private final SequenceBlocks blocks;
    private final StepRecorder recorder;

    StepWriter(SlotMap<Sequence> slots, Seats seats, SequenceBlocks blocks, StepRecorder recorder) {
        this.slots = slots;
        this.seats = seats;
        this.blocks = blocks;
        this.recorder = recorder;
    }

    /// Gives slots to the sequences that join, and moves others so that live slots lie side by side.
    ///
    /// @param filled      seats of the sequences that prefill; those that join have no slot yet
    /// @param filledCount the number of these seats
    /// @param joining     the number of sequences that join
    /// @return the number of sequences that were moved
    int arrangeSlots(StepPlan plan, int[] filled, int filledCount, int joining) {
        int moves = slots.compact(joining, (sequence, from, to) -> {
            plan.moveSlot(from, to);
            seats.move(sequence, to);
            recorder.moved(sequence, from, to);
        });
        for (int i = 0; i < filledCount; i++) {
            if (seats.slot(filled[i]) == Seats.NO_SLOT) {
                var sequence = seats.at(filled[i]);
                seats.move(sequence, slots.place(sequence));
                plan.admit(sequence.admission(seats.slot(filled[i])));
            }
        }
        return moves;
    }

    /// Writes the blocks that a sequence got since its last step.
    void writeBlocks(int seat, StepPlan plan) {
        blocks.announce(seats.at(seat), seats.slot(seat), plan);
    }

    /// Writes the rows of a prefill, and which of them are scored or drawn from.
    void writePrefill(int seat, Step step) {
        var sequence = seats.at(seat);
        var plan = step.plan();
        writeBlocks(seat, plan);
        plan.beginSlice(seats.slot(seat));
        int[] tokens = sequence.tokens();
        int end = sequence.computed();
        for (int position = end - sequence.rows; position < end; position++) {
            plan.addRow(tokens[position], position, sequence.turn(position));
            if (sequence.scoring() && position + 1 >= sequence.scoreFrom) {
                int target = tokens[position + 1];
                int alternatives = sequence.request.promptLogprobs().alternatives();
                step.seats[plan.scoreLastRow(target, alternatives)] = seat;
                sequence.scoreFrom = position + 2;
            }
        }
        if (!sequence.prefilling()) {
            step.seats[plan.sampleLastRow()] = seat;
        }
    }
}
