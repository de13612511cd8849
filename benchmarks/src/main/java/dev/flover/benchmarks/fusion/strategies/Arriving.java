package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;

/// The requests of a workload that were not taken yet, in order of arrival.
public final class Arriving {
    private final Workload workload;
    private final Timeline timeline;
    private int next;

    public Arriving(Workload workload, Timeline timeline) {
        this.workload = workload;
        this.timeline = timeline;
    }

    public boolean isEmpty() {
        return next == workload.size();
    }

    /// Returns when the next request arrives.
    public long nextArrival() {
        return arrivalBehind(0);
    }

    /// Returns when the request arrives that comes `others` places after the next one; `Long.MAX_VALUE` if there is
    /// none.
    long arrivalBehind(int others) {
        return next + others < workload.size()
                ? timeline.arrival(workload.demands().get(next + others)) : Long.MAX_VALUE;
    }

    /// Tells whether the next request has arrived.
    public boolean isDue() {
        return nextArrival() <= timeline.now();
    }

    /// Returns how many requests have arrived, at most `most`.
    int due(int most) {
        long now = timeline.now();
        int count = 0;
        while (count < most && arrivalBehind(count) <= now) {
            count++;
        }
        return count;
    }

    /// Takes the next request and returns its index.
    public int take() {
        return next++;
    }
}
