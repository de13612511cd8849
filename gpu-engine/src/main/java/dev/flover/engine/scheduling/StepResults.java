package dev.flover.engine.scheduling;

import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.scheduling.Sequence.State;
import java.util.function.Consumer;

/// Processes the tokens and scores that a step computed: adds tokens to their sequences, reports them, and ends
/// sequences.
final class StepResults {
    private final Seats seats;
    private final SequenceBlocks blocks;
    private final WorkCounts counts;
    private final Consumer<Sequence> end;
    private final Consumer<Sequence> restart;
    private final Alternatives alternatives = new Alternatives();

    /// @param end     ends a sequence
    /// @param restart lets a sequence be computed again from its tokens
    StepResults(
            Seats seats, SequenceBlocks blocks, WorkCounts counts, Consumer<Sequence> end,
            Consumer<Sequence> restart) {
        this.seats = seats;
        this.blocks = blocks;
        this.counts = counts;
        this.end = end;
        this.restart = restart;
    }

    /// Processes the results of a step that has ended.
    ///
    /// @param plannedSteps the number of steps planned until now
    /// @param endedSteps   the number of steps that have ended, with this one
    void take(Step step, long plannedSteps, long endedSteps, TokenSink sink) {
        var plan = step.plan();
        counts.rows += plan.rows();
        for (int sample = 0; sample < step.draws(); sample++) {
            take(step.seats[sample], plan, sample, plannedSteps, endedSteps, sink);
        }
        for (int sample = step.draws(); sample < plan.samples(); sample++) {
            if (plan.isScored(sample)) {
                takeScore(seats.at(step.seats[sample]), plan, sample, sink);
            } else {
                take(step.seats[sample], plan, sample, plannedSteps, endedSteps, sink);
            }
        }
    }

    private void take(int seat, StepPlan plan, int sample, long plannedSteps, long endedSteps, TokenSink sink) {
        if (seats.append(seat, plan.sampledTokens[sample], endedSteps)) {
            counts.tokens++;
            sink.token(seats.id(seat), seats.generated(seat) - 1, plan.sampledTokens[sample],
                    plan.sampledLogprobs[sample], alternatives.of(plan, sample, seats.topLogprobs(seat)));
        } else if (seats.at(seat).state == State.ENDED) {
            counts.discardedRows++;
        } else {
            takeToken(seats.at(seat), plan, sample, plannedSteps, endedSteps, sink);
        }
    }

    private void takeScore(Sequence sequence, StepPlan plan, int sample, TokenSink sink) {
        if (sequence.state == State.ENDED) {
            return;
        }
        int token = plan.sampledTokens[sample];
        if (token == StepPlan.NOT_FINITE) {
            end.accept(sequence);
            sink.finished(sequence.id, FinishReason.NOT_FINITE);
            return;
        }
        sink.promptToken(sequence.id, plan.positions[plan.sampleRows[sample]] + 1, token, plan.sampledLogprobs[sample],
                alternatives.of(plan, sample, plan.sampleAlternatives[sample]));
    }

    private void takeToken(
            Sequence sequence, StepPlan plan, int sample, long plannedSteps, long endedSteps, TokenSink sink) {
        boolean runs = sequence.state == State.RUNNING;
        if (!runs) {
            sequence.lateTokens--;
        }
        int token = plan.sampledTokens[sample];
        if (token < 0) {
            end.accept(sequence);
            sink.finished(sequence.id,
                    token == StepPlan.NOTHING_FITS ? FinishReason.NOTHING_FITS : FinishReason.NOT_FINITE);
            return;
        }
        int index = sequence.generated();
        sequence.append(token);
        counts.tokens++;
        if (runs) {
            blocks.index(sequence, plannedSteps);
            seats.update(sequence, endedSteps);
        }
        sink.token(sequence.id, index, token, plan.sampledLogprobs[sample],
                alternatives.of(plan, sample, sequence.topLogprobs));
        var reason = sequence.finishReason();
        if (sequence.state == State.ENDED) { // the sink cancelled it during the call
            return;
        }
        if (reason != null) {
            end.accept(sequence);
            sink.finished(sequence.id, reason);
        } else if (runs && sequence.mustStretch()) {
            restart.accept(sequence);
        }
    }
}
