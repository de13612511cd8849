package dev.flover.benchmarks.delivery;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Measures the time from each disturbance until every generation that was live has its next committed token.
///
/// A disturbance is not counted if the next one comes before that. Thread-safe.
final class Recoveries {
    private final Set<String> live = new HashSet<>();
    private final Set<String> waiting = new HashSet<>();
    private final Map<Disturbance, List<Long>> millis = new EnumMap<>(Disturbance.class);
    private @Nullable Disturbance disturbance;
    private long beganNanos;
    private long beganMs;

    /// Records that a request was sent.
    synchronized void sent(String requestId) {
        live.add(requestId);
    }

    /// Records a disturbance.
    ///
    /// @param nanos when the instance was dead or could no longer write, by [System#nanoTime]
    /// @param ms    the same moment by the wall clock, in ms since 1970
    synchronized void begin(Disturbance kind, long nanos, long ms) {
        waiting.clear();
        if (kind.interrupts()) {
            disturbance = kind;
            beganNanos = nanos;
            beganMs = ms;
            waiting.addAll(live);
        }
    }

    /// Records that a committed chunk was read.
    ///
    /// @param writtenMs when the chunk was written, in ms since 1970; a chunk from before the disturbance does not
    ///                  count as recovery
    synchronized void committed(String requestId, boolean end, long writtenMs, long nowNanos) {
        if (end) {
            live.remove(requestId);
        }
        if ((end || writtenMs > beganMs) && waiting.remove(requestId) && waiting.isEmpty()) {
            millis.computeIfAbsent(disturbance, kind -> new ArrayList<>()).add((nowNanos - beganNanos) / 1_000_000);
        }
    }

    /// Tells whether a generation that was live at the last disturbance has no new token yet.
    synchronized boolean isAwaited() {
        return !waiting.isEmpty();
    }

    /// Returns the times to recovery in ms, by kind of disturbance.
    synchronized Map<Disturbance, List<Long>> millis() {
        return new EnumMap<>(millis);
    }
}
