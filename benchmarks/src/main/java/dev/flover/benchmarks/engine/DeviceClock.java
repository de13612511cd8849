package dev.flover.benchmarks.engine;

import dev.flover.engine.backend.Backend.Timeline;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/// Times whole steps, or each operation of a step, with a device's own clock.
///
/// ```
///   step k     begin ─verb─┬─verb─┬─ ... ─ launched        marks on the device's timeline
///   step k+1                                    begin ─ ...
///                              idle: launched ─┘
/// ```
///
/// Marks are read when their step has ended. By then the next step may have been launched, so consecutive steps use
/// different marks.
final class DeviceClock {
    /// Number of steps whose first and last marks exist at the same time.
    private static final int STEPS = 4;
    private static final int FIRST_VERB = 2 * STEPS;
    /// Number of sets of operation marks: at most two steps are under way.
    private static final int VERB_TURNS = 2;

    private final Timeline timeline;
    private final List<List<LongConsumer>> verbs = List.of(new ArrayList<>(), new ArrayList<>());
    private volatile boolean timesVerbs;
    private volatile long resets;
    private long resetsSeen;
    private long begun;
    private long ended;
    private final boolean[] counted = new boolean[STEPS];
    private long hostStart;
    private double busyUs;
    private double idleUs;
    private double hostNanos;
    private long steps;
    private long gaps;

    DeviceClock(Timeline timeline) {
        this.timeline = timeline;
    }

    /// Discards all times; the next step that begins is the first that may count.
    void reset() {
        resets++;
    }

    void timeVerbs(boolean each) {
        timesVerbs = each;
    }

    boolean timesVerbs() {
        return timesVerbs;
    }

    /// Begins a step.
    ///
    /// @param counts whether the step's times are added to the sums
    void beginStep(boolean counts) {
        if (resetsSeen != resets) {
            resetsSeen = resets;
            Arrays.fill(counted, false);
            busyUs = 0;
            idleUs = 0;
            hostNanos = 0;
            steps = 0;
            gaps = 0;
        }
        counted[(int) (begun % STEPS)] = counts;
        hostStart = System.nanoTime();
        timeline.mark(first(begun));
        turn(begun).clear();
    }

    /// Marks the end of an operation on the device.
    ///
    /// @param nanos receives the operation's time in ns when the step has ended
    void verb(LongConsumer nanos) {
        if (timesVerbs) {
            turn(begun).add(nanos);
            timeline.mark(verbMark(begun, turn(begun).size()));
        }
    }

    /// Marks the end of a step's last operation on the device.
    void launched() {
        timeline.mark(last(begun));
        hostNanos += counted[(int) (begun % STEPS)] ? System.nanoTime() - hostStart : 0;
        begun++;
    }

    void endStep() {
        long step = ended++;
        if (!counted[(int) (step % STEPS)]) {
            return;
        }
        busyUs += timeline.microsecondsBetween(first(step), last(step));
        if (step > 0 && counted[(int) ((step - 1) % STEPS)]) {
            idleUs += timeline.microsecondsBetween(last(step - 1), first(step));
            gaps++;
        }
        steps++;
        var timed = turn(step);
        for (int i = 0; i < timed.size(); i++) {
            int from = i == 0 ? first(step) : verbMark(step, i);
            timed.get(i).accept((long) (1e3 * timeline.microsecondsBetween(from, verbMark(step, i + 1))));
        }
    }

    DeviceTimes times() {
        double count = Math.max(1, steps);
        return new DeviceTimes(busyUs / count, idleUs / Math.max(1, gaps), hostNanos / 1e3 / count);
    }

    private List<LongConsumer> turn(long step) {
        return verbs.get((int) (step % VERB_TURNS));
    }

    private static int first(long step) {
        return (int) (2 * (step % STEPS));
    }

    private static int last(long step) {
        return first(step) + 1;
    }

    /// @param count number of operations of the step before the mark, at least 1
    private static int verbMark(long step, int count) {
        return FIRST_VERB + VERB_TURNS * count + (int) (step % VERB_TURNS);
    }
}
