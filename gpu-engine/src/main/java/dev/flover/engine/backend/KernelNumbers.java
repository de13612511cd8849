package dev.flover.engine.backend;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;

/// The numbers and flags by which compiled kernels, in C and in CUDA, are told the kinds of operation that a model's
/// configuration names.
///
/// No switch here has a default: a new kind does not compile until it has a number, and `KernelNumbersTest` fails until
/// the C and CUDA sources have the same. A kind that no value of the flag stands for needs a parameter of the
/// kernel, not an answer that happens to compile.
public final class KernelNumbers {
    private KernelNumbers() {}

    /// `enum activation` of activate.c, `ActivationKind` of activation.cuh.
    public static int of(Activation activation) {
        return switch (activation) {
            case SILU -> 0;
            case GELU_TANH -> 1;
            case GELU_ERF -> 2;
            case RELU -> 3;
            case RELU_SQUARED -> 4;
            case CLAMPED_SWIGLU -> 5;
        };
    }

    /// Whether the mean is subtracted: `centred` of normalise.c, `layer` of normalise.cu.
    public static boolean isCentred(NormKind kind) {
        return switch (kind) {
            case RMS -> false;
            case LAYER -> true;
        };
    }

    /// Whether the dimensions that turn together are half the rotated dimensions apart, not neighbours: `halves` of
    /// append.c, append.cuh and heads.cuh.
    public static boolean isHalves(Pairing pairing) {
        return switch (pairing) {
            case ADJACENT -> false;
            case HALVES -> true;
        };
    }

    /// Whether each expert's score becomes a probability by itself: `sigmoid` of route.cu.
    public static boolean isSigmoid(Scoring scoring) {
        return switch (scoring) {
            case SOFTMAX -> false;
            case SIGMOID -> true;
        };
    }
}
