package dev.flover.app.page;

import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.StepTrace.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/// Makes JSON of the entries of a trace: an object for each step that has ended. Used by one thread.
///
/// ```
///   {"n": 12, "t": 81234, "d": 3105,     number; time of planning and duration, in microseconds
///    "q": [5, 6, 9], "s": [0, 1, 2],     sequences that decode, and their slots; absent: as in the step before
///    "p": [[10, 3, 64, 0]],              prefills: sequence, slot, rows, of which computed again
///    "m": [[7, 2, 9]],                   moves: from slot, to slot, sequence
///    "x": [11]}                          sequences that were preempted before the step
/// ```
final class StepFrames implements StepTrace.Reader {
    private static final long NANOS_PER_MICRO = 1000;

    private final long origin;
    private final Deque<Open> open = new ArrayDeque<>();
    private StringBuilder steps = new StringBuilder();
    private StringBuilder left = new StringBuilder();
    private StringBuilder preempted = new StringBuilder();
    private final Map<Long, Long> sent = new LinkedHashMap<>();
    private Map<Long, Long> committed = new LinkedHashMap<>();
    private String draws = "";
    private String slots = "";
    private long ended;
    private long endedAt;
    private long busyNanos;
    private long stepCount;
    private long lost;

    /// A step that is under way.
    private static final class Open {
        private final long number;
        private final long plannedAt;
        private final StringBuilder draws = new StringBuilder();
        private final StringBuilder slots = new StringBuilder();
        private final StringBuilder prefills = new StringBuilder();
        private final StringBuilder moves = new StringBuilder();
        private String preempted = "";

        private Open(long number, long plannedAt) {
            this.number = number;
            this.plannedAt = plannedAt;
        }
    }

    /// @param origin the time that counts as 0, in ns
    StepFrames(long origin) {
        this.origin = origin;
    }

    @Override
    public void entry(Kind kind, int a, int b, long x, long y) {
        switch (kind) {
            case STEP -> begin(x, y);
            case MOVE -> add(latest().moves, "[" + a + "," + b + "," + x + "]");
            case DECODE -> {
                add(latest().draws, Long.toString(x));
                add(latest().slots, Integer.toString(a));
            }
            case PREFILL -> add(latest().prefills, "[" + x + "," + a + "," + b + "," + y + "]");
            case PREEMPT -> add(preempted, Long.toString(x));
            case LEAVE -> add(left, "[" + ended + "," + x + "]");
            case STEP_END -> end(x, y);
            case SENT -> sent.put(x, y);
            case COMMIT -> {
                committed.putAll(sent);
                sent.clear();
            }
        }
    }

    @Override
    public void lost(long entries) {
        lost += entries;
        open.clear();
    }

    private void begin(long number, long at) {
        var step = new Open(number, at);
        step.preempted = preempted.toString();
        preempted = new StringBuilder();
        open.add(step);
    }

    /// The step that is being planned. Entries of a step whose beginning was lost go to a step that is never shown.
    private Open latest() {
        return open.isEmpty() ? new Open(0, 0) : open.getLast();
    }

    private void end(long number, long at) {
        while (!open.isEmpty() && open.getFirst().number < number) {
            open.removeFirst();
        }
        ended = number;
        if (!open.isEmpty() && open.getFirst().number == number) {
            var step = open.removeFirst();
            long nanos = at - Math.max(step.plannedAt, endedAt);
            busyNanos += nanos;
            stepCount++;
            add(steps, json(step, nanos));
        }
        endedAt = at;
    }

    private String json(Open step, long nanos) {
        var json = new StringBuilder("{\"n\":").append(step.number)
                .append(",\"t\":").append((step.plannedAt - origin) / NANOS_PER_MICRO)
                .append(",\"d\":").append(nanos / NANOS_PER_MICRO);
        String newDraws = step.draws.toString();
        String newSlots = step.slots.toString();
        if (steps.isEmpty() || !newDraws.equals(draws) || !newSlots.equals(slots)) {
            json.append(",\"q\":[").append(newDraws).append("],\"s\":[").append(newSlots).append(']');
            draws = newDraws;
            slots = newSlots;
        }
        member(json, "p", step.prefills);
        member(json, "m", step.moves);
        member(json, "x", step.preempted);
        return json.append('}').toString();
    }

    private static void member(StringBuilder json, String name, CharSequence elements) {
        if (!elements.isEmpty()) {
            json.append(",\"").append(name).append("\":[").append(elements).append(']');
        }
    }

    private static void add(StringBuilder list, String element) {
        if (!list.isEmpty()) {
            list.append(',');
        }
        list.append(element);
    }

    /// Returns the members of a frame for everything since the last call: `steps`, `l` (the step after which a sequence
    /// left, and the sequence), `k` (a sequence, and the number of its tokens that are committed), `lost`.
    String take() {
        var json = new StringBuilder("\"steps\":[").append(steps).append(']');
        member(json, "l", left);
        var counts = new StringBuilder();
        committed.forEach((sequence, count) -> add(counts, "[" + sequence + "," + count + "]"));
        member(json, "k", counts);
        if (lost > 0) {
            json.append(",\"lost\":").append(lost);
        }
        steps = new StringBuilder();
        left = new StringBuilder();
        committed = new LinkedHashMap<>();
        lost = 0;
        return json.toString();
    }

    /// Returns the time in ns that steps took since the last call.
    long takeBusyNanos() {
        long nanos = busyNanos;
        busyNanos = 0;
        return nanos;
    }

    /// Returns the number of steps that ended since the last call.
    long takeSteps() {
        long count = stepCount;
        stepCount = 0;
        return count;
    }
}
