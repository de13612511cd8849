package dev.flover.benchmarks.peer;

import dev.flover.app.bench.workload.Demand;
import dev.flover.app.bench.workload.Spread;
import dev.flover.app.bench.workload.Workload;
import java.util.Arrays;

/// When the answers to a workload came, in nanoseconds since its beginning. Filled by many threads, each for its own
/// request.
final class Answers {
    private final Workload workload;
    private final long[] firstTokens;
    private final long[] lastTokens;

    Answers(Workload workload) {
        this.workload = workload;
        firstTokens = new long[workload.size()];
        lastTokens = new long[workload.size()];
    }

    /// A request got its first token, or further ones.
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

    /// Milliseconds from arrival to last token.
    Spread latency() {
        return sinceArrival(lastTokens);
    }

    /// Milliseconds from arrival to first token.
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
