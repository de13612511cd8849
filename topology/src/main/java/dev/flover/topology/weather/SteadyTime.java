package dev.flover.topology.weather;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Time;

/// A monotonic clock in wall-clock milliseconds: the wall clock's time at the start plus the time passed since. It does
/// not jump when the wall clock is set.
///
/// Kafka Streams and all durations are measured by it. Deadlines are times of day and follow the wall clock.
public final class SteadyTime implements Time {
    private final LongSupplier wall;
    private final LongSupplier nanos;
    private final long origin;
    private final long begin;
    private long seenDrift;

    /// @param wall  the wall clock, milliseconds since 1970; may be set while the process runs
    /// @param nanos a monotonic clock in nanoseconds, from any origin
    public SteadyTime(LongSupplier wall, LongSupplier nanos) {
        this.wall = wall;
        this.nanos = nanos;
        origin = wall.getAsLong();
        begin = nanos.getAsLong();
    }

    @Override
    public long milliseconds() {
        return origin + TimeUnit.NANOSECONDS.toMillis(nanoseconds() - begin);
    }

    /// The wall clock's present time, in milliseconds since 1970.
    public long wallMs() {
        return wall.getAsLong();
    }

    /// By how many ms the wall clock was set since the last call: positive if ahead, negative if back. To be called by
    /// one thread only.
    public long takeStep() {
        long drift = wall.getAsLong() - milliseconds();
        long step = drift - seenDrift;
        seenDrift = drift;
        return step;
    }

    @Override
    public long nanoseconds() {
        return nanos.getAsLong();
    }

    @Override
    public void sleep(long ms) {
        Time.SYSTEM.sleep(ms);
    }

    @Override
    public void waitObject(Object monitor, Supplier<Boolean> condition, long deadlineMs) throws InterruptedException {
        synchronized (monitor) {
            while (!condition.get()) {
                long left = deadlineMs - milliseconds();
                if (left <= 0) {
                    throw new TimeoutException("the condition did not hold before its deadline");
                }
                monitor.wait(left);
            }
        }
    }
}
