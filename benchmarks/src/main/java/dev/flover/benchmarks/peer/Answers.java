package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Demand;
import dev.flover.benchmarks.workload.Spread;
import dev.flover.benchmarks.workload.Workload;
import java.util.Arrays;

/// The times of the answers to a workload, in ns since its beginning. Many threads write, each for its own request.
final class Answers {
    private final Workload workload;
    private final long[] firstTokens;
    private final long[] lastTokens;

    Answers(Workload workload) {
        this.workload = workload;
        firstTokens = new long[workload.size()];
        lastTokens = new long[workload.size()];
    }

    /// Records the time of a request's first or further token.
    void token(int request, long time) {
        if (firstTokens[request] == 0) {
            firstTokens[request] = time;
        }
        lastTokens[request] = time;
    }

    static long arrivalNanos(Demand demand) {
        return demand.arrival() * 1_000_000 / Demand.UNIT;
    }

    double tokensPerSecond() {
        return workload.tokens() * 1e9 / Arrays.stream(lastTokens).max().orElseThrow();
    }

    /// Returns the times from arrival to last token, in ms.
    Spread latency() {
        return sinceArrival(lastTokens);
    }

    /// Returns the times from arrival to first token, in ms.
    Spread firstToken() {
        return sinceArrival(firstTokens);
    }

    private Spread sinceArrival(long[] times) {
        var since = new double[times.length];
        for (int i = 0; i < times.length; i++) {
            since[i] = (times[i] - arrivalNanos(workload.demands().get(i))) / 1e6;
        }
        return Spread.of(since);
    }
}
