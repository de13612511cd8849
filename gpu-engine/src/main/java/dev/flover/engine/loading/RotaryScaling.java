package dev.flover.engine.loading;

import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.util.ArrayList;
import java.util.List;

/// How rotary positions are stretched beyond the context that a model was first trained for.
sealed interface RotaryScaling {
    /// The scaled frequency of a pair of dimensions, in radians per position.
    ///
    /// @param frequency the unscaled frequency: base^(-2 pair / dims)
    double scale(double frequency, int pair, int dims, double base);

    /// The factor on sine and cosine.
    double magnitude();

    /// The rotary positions of a model.
    ///
    /// @param context the most positions of a sequence
    default Rotary rotary(int dims, double base, Pairing pairing, int context) {
        return new Rotary(dims, pairing, frequencies(dims, base), magnitude());
    }

    private List<Double> frequencies(int dims, double base) {
        var frequencies = new ArrayList<Double>(dims / 2);
        for (int pair = 0; pair < dims / 2; pair++) {
            frequencies.add(scale(Math.pow(base, -2.0 * pair / dims), pair, dims, base));
        }
        return frequencies;
    }

    /// No scaling: positions as trained.
    record None() implements RotaryScaling {
        @Override
        public double scale(double frequency, int pair, int dims, double base) {
            return frequency;
        }

        @Override
        public double magnitude() {
            return 1;
        }
    }

    /// Position interpolation (Chen et al. 2023): positions are divided by a factor.
    record Linear(double factor, double magnitude) implements RotaryScaling {
        @Override
        public double scale(double frequency, int pair, int dims, double base) {
            return frequency / factor;
        }
    }

    /// The scaling of Llama 3.1: frequencies of long waves are divided by the factor, those of short waves are kept,
    /// and those in between are interpolated.
    ///
    /// @param lowFactor  waves longer than `originalContext / lowFactor` positions are divided
    /// @param highFactor waves shorter than `originalContext / highFactor` positions are kept
    record Llama3(double factor, double lowFactor, double highFactor, double originalContext)
            implements RotaryScaling {
        @Override
        public double scale(double frequency, int pair, int dims, double base) {
            double turns = originalContext * frequency / (2 * Math.PI);
            if (turns < lowFactor) {
                return frequency / factor;
            }
            if (turns > highFactor) {
                return frequency;
            }
            double kept = (turns - lowFactor) / (highFactor - lowFactor);
            return (1 - kept) * frequency / factor + kept * frequency;
        }

        @Override
        public double magnitude() {
            return 1;
        }
    }

    /// YaRN (Peng et al. 2023): as [Llama3], but interpolated linearly in the index of the pair instead of the
    /// frequency.
    ///
    /// @param truncate whether the interpolation begins and ends at whole indices
    record Yarn(
            double factor, double originalContext, double betaFast, double betaSlow, boolean truncate,
            double magnitude) implements RotaryScaling {
        @Override
        public double scale(double frequency, int pair, int dims, double base) {
            double first = pairOfTurns(betaFast, dims, base);
            double last = pairOfTurns(betaSlow, dims, base);
            double low = Math.max(truncate ? Math.floor(first) : first, 0);
            double high = Math.min(truncate ? Math.ceil(last) : last, dims - 1);
            double width = high == low ? 0.001 : high - low;
            double divided = Math.clamp((pair - low) / width, 0, 1);
            return frequency / factor * divided + frequency * (1 - divided);
        }

        /// The index of the pair, as a fraction, that makes this many turns over the original context.
        private double pairOfTurns(double turns, int dims, double base) {
            return dims * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
        }

        /// The correction of the softmax temperature that the YaRN paper gives.
        static double magnitudeFor(double factor) {
            return magnitudeFor(factor, 1);
        }

        /// @param weight the weight of the correction (`mscale`)
        static double magnitudeFor(double factor, double weight) {
            return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
        }
    }

    /// A divisor for each pair's frequency, computed by the file's converter (the tensor `rope_freqs`).
    record Divided(List<Double> divisors, double magnitude) implements RotaryScaling {
        public Divided {
            divisors = List.copyOf(divisors);
        }

        @Override
        public double scale(double frequency, int pair, int dims, double base) {
            if (divisors.size() != dims / 2) {
                throw new IllegalArgumentException("rotary positions over " + dims + " dimensions need " + dims / 2
                        + " divisors, found " + divisors.size());
            }
            return frequency / divisors.get(pair);
        }
    }

    /// Two divisors for each pair, found by search (LongRoPE, Ding et al. 2024): one for sequences that fit into the
    /// context that the model was first trained for, and one for longer sequences.
    record LongRope(Divided shorter, Divided longer, int originalContext) implements RotaryScaling {
        @Override
        public double scale(double frequency, int pair, int dims, double base) {
            return shorter.scale(frequency, pair, dims, base);
        }

        @Override
        public double magnitude() {
            return shorter.magnitude();
        }

        @Override
        public Rotary rotary(int dims, double base, Pairing pairing, int context) {
            var stretched = longer.rotary(dims, base, pairing, context).frequencies();
            var stretch = context > originalContext ? new Rotary.Stretch(originalContext, stretched) : null;
            return new Rotary(
                    dims, pairing, shorter.rotary(dims, base, pairing, context).frequencies(), magnitude(), stretch);
        }

        /// The factor on sine and cosine for a context that was stretched by `factor`.
        static double magnitudeFor(double factor, double originalContext) {
            return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalContext));
        }
    }
}
