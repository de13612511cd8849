package dev.flover.engine.loading;

import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.util.ArrayList;
import java.util.List;

/// How rotary positions are stretched beyond the context a model was first trained for.
sealed interface RotaryScaling {
    /// Radians per position of a pair.
    ///
    /// @param frequency unscaled: base^(-2 pair / dims)
    double scale(double frequency, int pair, int dims, double base);

    /// Multiplies sine and cosine.
    double magnitude();

    /// @param context most positions of a sequence
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

    /// As trained.
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

    /// Positions divided by a factor (Chen et al. 2023).
    record Linear(double factor, double magnitude) implements RotaryScaling {
        @Override
        public double scale(double frequency, int pair, int dims, double base) {
            return frequency / factor;
        }
    }

    /// Llama 3.1's: long waves are divided by the factor, short ones kept, those between blended.
    ///
    /// @param lowFactor  waves longer than `originalContext / lowFactor` are divided
    /// @param highFactor waves shorter than `originalContext / highFactor` are kept
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

    /// YaRN (Peng et al. 2023): as [Llama3], with the blend linear in the pair instead of the frequency.
    ///
    /// @param truncate whether the blend begins and ends at whole pairs
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

        /// The pair, as a fraction, that turns so often over the original context.
        private double pairOfTurns(double turns, int dims, double base) {
            return dims * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
        }

        /// Its paper's correction of the softmax temperature.
        static double magnitudeFor(double factor) {
            return magnitudeFor(factor, 1);
        }

        /// @param weight of the correction (`mscale`)
        static double magnitudeFor(double factor, double weight) {
            return factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
        }
    }

    /// A divisor per pair, computed by the file's converter (`rope_freqs`).
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

    /// Two divisors per pair, found by search (LongRoPE, Ding et al. 2024): those of sequences that fit into the
    /// context the model was first trained for, and those of longer ones.
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

        /// The magnitude for a context that was stretched.
        static double magnitudeFor(double factor, double originalContext) {
            return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalContext));
        }
    }
}
