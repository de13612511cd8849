package dev.flover.engine.backend.reference;

import dev.flover.engine.model.ModelConfig.Activation;

/// Non-linearities in double, with the same bits on every machine.
final class Nonlinearity {
    private static final double SQRT_2_OVER_PI = StrictMath.sqrt(2 / StrictMath.PI);

    private Nonlinearity() {}

    static double apply(Activation activation, double x) {
        return switch (activation) {
            case SILU -> x / (1 + StrictMath.exp(-x));
            case GELU_TANH -> 0.5 * x * (1 + StrictMath.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)));
            case GELU_ERF -> 0.5 * x * (1 + erf(x / StrictMath.sqrt(2)));
            case RELU -> Math.max(x, 0);
            case RELU_SQUARED -> Math.max(x, 0) * Math.max(x, 0);
            case CLAMPED_SWIGLU -> Math.min(x, 7) / (1 + StrictMath.exp(-1.702 * Math.min(x, 7)));
        };
    }

    /// The factor by which the up projection multiplies the activated gate.
    static double factor(Activation activation, double up) {
        return switch (activation) {
            case SILU, GELU_TANH, GELU_ERF, RELU, RELU_SQUARED -> up;
            case CLAMPED_SWIGLU -> Math.clamp(up, -7, 7) + 1;
        };
    }

    /// The soft cap `cap * tanh(x / cap)`; `x` itself if the cap is 0.
    static double softCap(double x, double cap) {
        return cap == 0 ? x : cap * StrictMath.tanh(x / cap);
    }

    /// The error function by Kummer's series, whose terms are all of one sign:
    /// `erf(x) = 2x/sqrt(pi) * exp(-x^2) * sum (2x^2)^n / (1 * 3 * 5 ... (2n + 1))`.
    static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);      // 1 - erf(6) is 2e-17
        }
        double term = 1;
        double sum = 1;
        for (int n = 1; term > sum * 0x1p-54; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 * x / StrictMath.sqrt(StrictMath.PI) * StrictMath.exp(-x * x) * sum;
    }
}
