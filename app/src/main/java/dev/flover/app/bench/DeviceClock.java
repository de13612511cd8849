package dev.flover.app.bench;

import dev.flover.engine.backend.Backend.Timeline;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/// Times steps, or the verbs of steps, on a device's own clock.
///
/// ```
///   step k     begin ─verb─┬─verb─┬─ ... ─ launched        marks on the device's timeline
///   step k+1                                    begin ─ ...
///                              idle: launched ─┘
/// ```
///
/// Marks are read when their step has ended, so a step's must outlive the next one's launch: steps take turns.
final class DeviceClock {
    /// Steps whose first and last marks are kept.
    private static final int STEPS = 4;
    private static final int FIRST_VERB = 2 * STEPS;
    /// Two steps are under way at most.
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

    /// Forgets what was measured; the next step to begin is the first that may count.
    void reset() {
        resets++;
    }

    void timeVerbs(boolean each) {
        timesVerbs = each;
    }

    boolean timesVerbs() {
        return timesVerbs;
    }

    /// @param counts whether its times are wanted
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

    /// A verb has been enqueued.
    ///
    /// @param nanos receives its time when its step has ended
    void verb(LongConsumer nanos) {
        if (timesVerbs) {
            turn(begun).add(nanos);
            timeline.mark(verbMark(begun, turn(begun).size()));
        }
    }

    /// All of the step has been enqueued.
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

    /// @param count verbs of the step before the mark, at least 1
    private static int verbMark(long step, int count) {
        return FIRST_VERB + VERB_TURNS * count + (int) (step % VERB_TURNS);
    }
}
