package dev.flover.benchmarks.constraints;

import java.util.Arrays;

/// A growing list of times in ns.
final class Times {
    private long[] values = new long[1024];
    private int count;

    void add(long nanos) {
        if (count == values.length) {
            values = Arrays.copyOf(values, count * 2);
        }
        values[count++] = nanos;
    }

    /// Mean and percentiles in µs.
    record Figures(double mean, double p50, double p99, double p999) {}

    Figures figures() {
        long[] sorted = Arrays.copyOf(values, count);
        Arrays.sort(sorted);
        return count == 0 ? new Figures(0, 0, 0, 0)
                : new Figures(Arrays.stream(sorted).average().orElseThrow() / 1e3, rank(sorted, 0.5),
                        rank(sorted, 0.99), rank(sorted, 0.999));
    }

    private static double rank(long[] sorted, double share) {
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)] / 1e3;
    }
}
