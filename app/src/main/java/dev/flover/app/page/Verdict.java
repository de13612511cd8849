package dev.flover.app.page;

import java.util.Comparator;
import java.util.Map;

/// Says in one sentence what limits the rate of tokens, computed from where the time goes.
///
/// @param device    the share of the time in which a step was computed, 0 to 1
/// @param thread    the shares of the time that the stream thread spent on the parts of its work, by name
/// @param load      the number of requests in each state
/// @param preempted sequences a second that lost their KV blocks to others
record Verdict(double device, Map<String, Double> thread, Load load, double preempted) {
    private static final double BUSY = 0.8;
    private static final double COMMITS_COUNT = 0.25;

    /// @param live    sequences in the engine
    /// @param waiting requests in the waiting room
    /// @param unread  requests on the topic that were not read yet
    record Load(long live, long waiting, long unread) {
        boolean nothingWaits() {
            return waiting + unread == 0;
        }
    }

    String sentence() {
        double commits = thread.getOrDefault("commit", 0.0);
        if (load.live() == 0 && load.nothingWaits()) {
            return "idle: no request is computed and none waits";
        }
        if (preempted > 0) {
            return "memory-bound: the KV cache is full, and " + rate(preempted)
                    + " sequences a second give up their blocks to others";
        }
        if (device >= BUSY) {
            return "device-bound: " + percent(device) + " of the time is the fused step";
        }
        if (commits >= COMMITS_COUNT) {
            return "Kafka-bound: commits take " + percent(commits) + " of the time, steps " + percent(device);
        }
        if (load.nothingWaits()) {
            return "starved: no prompts wait; steps take " + percent(device) + " of the time";
        }
        var most = thread.entrySet().stream().max(Comparator.comparingDouble(Map.Entry::getValue));
        return "host-bound: steps take " + percent(device) + " of the time" + most
                .map(part -> "; of the stream thread's work, '" + part.getKey() + "' takes the most, "
                        + percent(part.getValue())).orElse("");
    }

    private static String percent(double share) {
        return Math.round(100 * Math.min(1, share)) + " %";
    }

    private static String rate(double perSecond) {
        return perSecond < 10 ? String.format(java.util.Locale.ROOT, "%.1f", perSecond)
                : Long.toString(Math.round(perSecond));
    }
}
