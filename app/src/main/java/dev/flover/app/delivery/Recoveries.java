package dev.flover.app.delivery;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// From each disturbance until the last of the generations that were live then has its next committed token.
///
/// A disturbance that is followed by another one before is not counted. Any thread may call.
final class Recoveries {
    private final Set<String> live = new HashSet<>();
    private final Set<String> waiting = new HashSet<>();
    private final Map<Disturbance, List<Long>> millis = new EnumMap<>(Disturbance.class);
    private Disturbance disturbance;
    private long beganNanos;
    private long beganMs;

    /// A request was sent.
    synchronized void sent(String requestId) {
        live.add(requestId);
    }

    /// @param ms    when the instance was dead or could not write any more, wall-clock time
    synchronized void begin(Disturbance kind, long nanos, long ms) {
        waiting.clear();
        if (kind.interrupts()) {
            disturbance = kind;
            beganNanos = nanos;
            beganMs = ms;
            waiting.addAll(live);
        }
    }

    /// A committed chunk was read.
    ///
    /// @param writtenMs when it was written; what is older than the disturbance is no sign of recovery
    synchronized void committed(String requestId, boolean end, long writtenMs, long nowNanos) {
        if (end) {
            live.remove(requestId);
        }
        if ((end || writtenMs > beganMs) && waiting.remove(requestId) && waiting.isEmpty()) {
            millis.computeIfAbsent(disturbance, kind -> new ArrayList<>()).add((nowNanos - beganNanos) / 1_000_000);
        }
    }

    /// Whether some generation that was live at the last disturbance has no token since.
    synchronized boolean isAwaited() {
        return !waiting.isEmpty();
    }

    /// Of each kind that was recovered from.
    synchronized Map<Disturbance, List<Long>> millis() {
        return new EnumMap<>(millis);
    }
}
