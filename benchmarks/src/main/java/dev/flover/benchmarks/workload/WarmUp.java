package dev.flover.benchmarks.workload;

import java.lang.management.ManagementFactory;
import java.time.Duration;

/// Repeats a small pass of the measured work until Java's compilers are nearly idle. Before that, the compilers compete
/// with the work for cores, and interpreted code would be measured.
///
/// @param seconds       duration of the warm-up in s
/// @param compilerShare CPU time that the compilers took in the last half second; 1 means a whole core
public record WarmUp(double seconds, double compilerShare) {
    private static final long WINDOW_NANOS = 500_000_000;

    /// @param most approximate limit of the warm-up if the compilers stay busy; at least one pass is made
    /// @param calm the warm-up ends when the compilers take less than this share of a core
    public static WarmUp of(Duration most, double calm, Runnable pass) {
        long begin = System.nanoTime();
        while (true) {
            long from = System.nanoTime();
            long before = compiledMs();
            long now;
            do {
                pass.run();
                now = System.nanoTime();
            } while (now - from < WINDOW_NANOS && now - begin < most.toNanos());
            double share = (compiledMs() - before) * 1e6 / (now - from);
            if (share < calm || now - begin >= most.toNanos()) {
                return new WarmUp((now - begin) / 1e9, share);
            }
        }
    }

    private static long compiledMs() {
        var compilers = ManagementFactory.getCompilationMXBean();
        return compilers == null ? 0 : compilers.getTotalCompilationTime();     // null with -Xint
    }
}
