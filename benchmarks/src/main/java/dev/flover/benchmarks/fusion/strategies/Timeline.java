package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Demand;
import java.util.concurrent.locks.LockSupport;

/// The clock of a played workload. Times are whole ticks since the beginning.
public sealed interface Timeline {
    long now();

    /// Converts a duration to ticks.
    ///
    /// @param thousandths the duration in thousandths of the workload's unit of time
    long ticks(long thousandths);

    /// Returns when a request arrives, in ticks.
    default long arrival(Demand demand) {
        return ticks(demand.arrival());
    }

    /// Waits until the given time while nothing is computed.
    void idleUntil(long time);

    /// Tells the clock that an iteration was computed.
    void stepped();

    double ticksPerSecond();

    /// The wall clock; a tick is a nanosecond.
    final class Wall implements Timeline {
        private static final long NEARLY_NANOS = 100_000;

        private final double unitNanos;
        private final long begin = System.nanoTime();

        /// @param unitNanos the workload's unit of time, in ns
    public     Wall(double unitNanos) {
            this.unitNanos = unitNanos;
        }

        @Override
        public long now() {
            return System.nanoTime() - begin;
        }

        @Override
        public long ticks(long thousandths) {
            return Math.round(thousandths * unitNanos / Demand.UNIT);
        }

        @Override
        public void idleUntil(long time) {
            for (long left = time - now(); left > 0; left = time - now()) {
                if (left > NEARLY_NANOS) {
                    LockSupport.parkNanos(left - NEARLY_NANOS / 2);
                } else {
                    Thread.onSpinWait();
                }
            }
        }

        @Override
        public void stepped() {}

        @Override
        public double ticksPerSecond() {
            return 1e9;
        }
    }

    /// A clock that iterations drive: each takes one unit of the workload's time. A tick is a thousandth of it.
    ///
    /// Counts by this clock are the same on every machine.
    final class Iterations implements Timeline {
        private long now;

        @Override
        public long now() {
            return now;
        }

        @Override
        public long ticks(long thousandths) {
            return thousandths;
        }

        @Override
        public void idleUntil(long time) {
            now = Math.max(now, time);
        }

        @Override
        public void stepped() {
            now += Demand.UNIT;
        }

        @Override
        public double ticksPerSecond() {
            return Demand.UNIT;
        }
    }
}
