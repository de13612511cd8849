package dev.flover.app.page;

import dev.flover.topology.generation.GenerationList;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/// The part of a frame that is not steps: headline, table of generations and partitions. Rates are means over the last
/// few seconds. Used by one thread.
final class StateFrames {
    private static final int MOST_ROWS = 400;
    private static final int WINDOW = 10;

    private final PageSource source;
    private final Deque<Sample> samples = new ArrayDeque<>();
    private double busySeconds;
    private long steps;

    /// Counters at one moment.
    private record Sample(
            long nanos, double busySeconds, long steps, Map<String, Double> thread, double tokens, double preempted) {}

    StateFrames(PageSource source) {
        this.source = source;
    }

    /// @param busyNanos the time that steps took since the last call
    /// @param newSteps  the steps that ended since the last call
    Map<String, Object> state(long busyNanos, long newSteps) {
        busySeconds += busyNanos / 1e9;
        steps += newSteps;
        var figures = source.figures();
        var now = new Sample(System.nanoTime(), busySeconds, steps, source.threadSeconds(),
                number(figures, "tokens"), number(figures, "preemptions"));
        samples.add(now);
        if (samples.size() > WINDOW) {
            samples.remove();
        }
        var state = new LinkedHashMap<String, Object>(figures);
        rates(state, samples.getFirst(), now);
        var generations = source.generations();
        state.put("listed", generations.size());
        state.put("generations", generations.stream().limit(MOST_ROWS).map(StateFrames::row).toList());
        state.put("partitions", partitions());
        return state;
    }

    private void rates(Map<String, Object> state, Sample before, Sample now) {
        double seconds = (now.nanos() - before.nanos()) / 1e9;
        double per = seconds > 0 ? 1 / seconds : 0;
        var thread = new LinkedHashMap<String, Double>();
        now.thread().forEach((part, spent) ->
                thread.put(part, (spent - before.thread().getOrDefault(part, 0.0)) * per));
        double device = (now.busySeconds() - before.busySeconds()) * per;
        double preempted = (now.preempted() - before.preempted()) * per;
        state.put("tokens_per_second", (now.tokens() - before.tokens()) * per);
        state.put("steps_per_second", (now.steps() - before.steps()) * per);
        state.put("device_share", device);
        state.put("thread_shares", thread);
        boolean ready = "ready".equals(state.get("state"));
        state.put("verdict", ready ? new Verdict(device, thread, new Verdict.Load((long) number(state, "live"),
                (long) number(state, "waiting"), (long) number(state, "lag")), preempted).sentence()
                : state.get("state") + ": " + state.get("detail"));
    }

    private static double number(Map<String, Object> figures, String name) {
        return figures.get(name) instanceof Number number ? number.doubleValue() : 0;
    }

    private static Map<String, Object> row(GenerationList.Row generation) {
        var row = new LinkedHashMap<String, Object>();
        row.put("id", generation.id());
        row.put("tenant", generation.tenant());
        row.put("state", generation.state().name().toLowerCase(Locale.ROOT));
        row.put("partition", generation.partition());
        row.put("prompt", generation.promptTokens());
        row.put("tokens", generation.tokens());
        row.put("max", generation.maxTokens());
        row.put("read", generation.readAt());
        return row;
    }

    private List<Map<String, Object>> partitions() {
        var lags = source.lags();
        var restoring = source.restoring();
        var numbers = new TreeSet<>(lags.keySet());
        numbers.addAll(restoring.keySet());
        var rows = new ArrayList<Map<String, Object>>();
        for (int partition : numbers) {
            var row = new LinkedHashMap<String, Object>();
            row.put("partition", partition);
            row.put("lag", lags.getOrDefault(partition, 0L));
            row.put("restoring", restoring.getOrDefault(partition, 0L));
            rows.add(row);
        }
        return rows;
    }

    /// Returns a state without ids and tenants.
    Map<String, Object> withoutNames(Map<String, Object> state) {
        var nameless = new LinkedHashMap<>(state);
        nameless.put("generations", List.of());
        return nameless;
    }
}
