package dev.flover.benchmarks.http;

import java.util.Arrays;
import java.util.Locale;

/// A sorted list of times in ms.
record Times(double[] sorted) {
    static Times ofNanos(long[] nanos) {
        return new Times(Arrays.stream(nanos).sorted().mapToDouble(each -> each / 1e6).toArray());
    }

    /// Returns a percentile by the nearest-rank method.
    double percentile(double share) {
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "p50 %.1f ms, p99 %.1f ms, of %d", percentile(0.5), percentile(0.99),
                sorted.length);
    }
}
