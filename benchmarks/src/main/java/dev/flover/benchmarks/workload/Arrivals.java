package dev.flover.benchmarks.workload;

import java.util.Random;

/// The random times between requests.
public sealed interface Arrivals {
    /// Returns the next gap, in the workload's units of time.
    double gap(Random random);

    /// Gaps of equal length; 0 means that all requests arrive at once.
    record Constant(double gap) implements Arrivals {
        public Constant {
            checkGap(gap);
        }

        @Override
        public double gap(Random random) {
            return gap;
        }
    }

    /// Exponentially distributed gaps, which make the arrivals a Poisson process.
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
