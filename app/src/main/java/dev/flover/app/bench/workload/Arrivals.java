package dev.flover.app.bench.workload;

import java.util.Random;

/// The times between requests.
public sealed interface Arrivals {
    /// The next gap, in units of time.
    double gap(Random random);

    /// Always the same gap; 0 is a burst.
    record Constant(double gap) implements Arrivals {
        public Constant {
            checkGap(gap);
        }

        @Override
        public double gap(Random random) {
            return gap;
        }
    }

    /// A Poisson process.
    record Exponential(double mean) implements Arrivals {
        public Exponential {
            checkGap(mean);
        }

        @Override
        public double gap(Random random) {
            return -mean * StrictMath.log(1 - random.nextDouble());
        }
    }

    private static void checkGap(double gap) {
        if (!(gap >= 0 && gap < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a gap between arrivals must be at least 0, was " + gap);
        }
    }
}
