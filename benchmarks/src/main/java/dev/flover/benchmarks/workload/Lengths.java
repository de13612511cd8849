package dev.flover.benchmarks.workload;

import java.util.Random;

/// The random lengths of answers, in tokens.
public sealed interface Lengths {
    /// Returns the length of the next answer.
    int next(Random random);

    /// Returns the greatest possible length.
    int most();

    record Equal(int tokens) implements Lengths {
        public Equal {
            checkTokens(tokens);
        }

        @Override
        public int next(Random random) {
            return tokens;
        }

        @Override
        public int most() {
            return tokens;
        }
    }

    /// Uniformly distributed lengths from `least` to `most`.
    record Uniform(int least, int most) implements Lengths {
        public Uniform {
            checkTokens(least);
            if (most < least) {
                throw new IllegalArgumentException("most must be at least " + least + ", was " + most);
            }
        }

        @Override
        public int next(Random random) {
            return least + random.nextInt(most - least + 1);
        }
    }

    private static void checkTokens(int tokens) {
        if (tokens < 1) {
            throw new IllegalArgumentException("tokens must be at least 1, was " + tokens);
        }
    }
}
