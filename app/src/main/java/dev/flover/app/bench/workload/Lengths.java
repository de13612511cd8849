package dev.flover.app.bench.workload;

import java.util.Random;

/// How many tokens requests want.
public sealed interface Lengths {
    /// Of the next request.
    int next(Random random);

    /// The most there can be.
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

    /// Every number from `least` to `most` as probable as the others.
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
