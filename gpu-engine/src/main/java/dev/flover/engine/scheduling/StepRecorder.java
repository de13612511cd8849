package dev.flover.engine.scheduling;

import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.StepTrace.Kind;
import org.jspecify.annotations.Nullable;

/// Writes what the scheduler decides into a trace, if the engine has one.
final class StepRecorder {
    private final Seats seats;
    private @Nullable StepTrace trace;

    StepRecorder(Seats seats) {
        this.seats = seats;
    }

    /// @param trace the trace to write to; null for none
    void recordTo(@Nullable StepTrace trace) {
        this.trace = trace;
    }

    void stepBegins(long step) {
        if (trace != null) {
            trace.put(Kind.STEP, 0, 0, step, System.nanoTime());
        }
    }

    void moved(Sequence sequence, int from, int to) {
        if (trace != null) {
            trace.put(Kind.MOVE, from, to, sequence.id, 0);
        }
    }

    /// @param filled the seats of the sequences that prefill; the first `filledCount` count
    void planned(Step step, int[] filled, int filledCount) {
        if (trace == null) {
            return;
        }
        for (int i = 0; i < step.draws(); i++) {
            int seat = step.seats[i];
            trace.put(Kind.DECODE, seats.slot(seat), 0, seats.id(seat), 0);
        }
        for (int i = 0; i < filledCount; i++) {
            var sequence = seats.at(filled[i]);
            int begin = sequence.computed() - sequence.rows;
            int again = Math.clamp((long) sequence.computedBefore - begin, 0, sequence.rows);
            trace.put(Kind.PREFILL, seats.slot(filled[i]), sequence.rows, sequence.id, again);
        }
        trace.publish();
    }

    void preempted(Sequence sequence) {
        if (trace != null) {
            trace.put(Kind.PREEMPT, 0, 0, sequence.id, 0);
        }
    }

    void left(Sequence sequence) {
        if (trace != null) {
            trace.put(Kind.LEAVE, 0, 0, sequence.id, 0);
        }
    }
}
