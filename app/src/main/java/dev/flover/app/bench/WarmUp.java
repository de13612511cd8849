package dev.flover.app.bench;

import java.lang.management.ManagementFactory;
import java.time.Duration;

/// What is to be measured, in small, again and again until Java's compilers are calm: before, they compete with it, and
/// code that is not compiled yet is measured.
///
/// @param seconds       it took
/// @param compilerShare of a core that the compilers took at last
public record WarmUp(double seconds, double compilerShare) {
    private static final long WINDOW_NANOS = 500_000_000;

    /// @param most roughly; at least one pass is made
    /// @param calm the share of a core that the compilers may take at last
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
