package dev.flover.benchmarks.workload;

import java.util.Arrays;

/// A summary of many numbers: mean, median (`p50`) and 99th percentile (`p99`).
public record Spread(double mean, double p50, double p99) {
    public static Spread of(double[] values) {
        if (values.length == 0) {
            return new Spread(0, 0, 0);
        }
        var sorted = values.clone();
        Arrays.sort(sorted);
        return new Spread(Arrays.stream(sorted).average().orElseThrow(), rank(sorted, 0.5), rank(sorted, 0.99));
    }

    /// Returns the percentile of `share` (0 to 1) by the nearest-rank method.
    private static double rank(double[] sorted, double share) {
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }
}
