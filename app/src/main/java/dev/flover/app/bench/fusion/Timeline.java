package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Demand;
import java.util.concurrent.locks.LockSupport;

/// What time it is while a workload is played. Times are whole ticks since the beginning.
sealed interface Timeline {
    long now();

    /// A duration.
    ///
    /// @param thousandths of the workload's unit of time
    long ticks(long thousandths);

    /// When a request arrives.
    default long arrival(Demand demand) {
        return ticks(demand.arrival());
    }

    /// Returns when it is that time; nothing is computed meanwhile.
    void idleUntil(long time);

    /// An iteration was computed.
    void stepped();

    double ticksPerSecond();

    /// The clock on the wall: an iteration takes as long as it takes. A tick is a nanosecond.
    final class Wall implements Timeline {
        private static final long NEARLY_NANOS = 100_000;

        private final double unitNanos;
        private final long begin = System.nanoTime();

        /// @param unitNanos how long the workload's unit of time is
        Wall(double unitNanos) {
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
    /// What is counted under it depends on no machine.
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
