package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Workload;

/// The requests of a workload that have not been taken yet, in order of arrival.
final class Arriving {
    private final Workload workload;
    private final Timeline timeline;
    private int next;

    Arriving(Workload workload, Timeline timeline) {
        this.workload = workload;
        this.timeline = timeline;
    }

    boolean isEmpty() {
        return next == workload.size();
    }

    /// When the next request arrives.
    long nextArrival() {
        return arrivalBehind(0);
    }

    /// When the request arrives that is so many behind the next; never where there is none.
    long arrivalBehind(int others) {
        return next + others < workload.size()
                ? timeline.arrival(workload.demands().get(next + others)) : Long.MAX_VALUE;
    }

    /// Whether the next request is there.
    boolean isDue() {
        return nextArrival() <= timeline.now();
    }

    /// How many requests are there, counting no further than `most`.
    int due(int most) {
        long now = timeline.now();
        int count = 0;
        while (count < most && arrivalBehind(count) <= now) {
            count++;
        }
        return count;
    }

    /// Takes the next request.
    int take() {
        return next++;
    }
}
