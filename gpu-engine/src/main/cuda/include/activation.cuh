// The non-linearities of feed-forward layers: SiLU, GELU by tanh or erf (Hendrycks and Gimpel 2016),
// ReLU and its square, and SwiGLU with bounds as in gpt-oss.
#pragma once

#include "device.cuh"

/// As KernelNumbers.java numbers them; a switch over them has no default, so that the compiler names a missing one.
enum ActivationKind : int {
    NO_ACTIVATION = -1, SILU = 0, GELU_TANH = 1, GELU_ERF = 2, RELU = 3, RELU_SQUARED = 4, CLAMPED_SWIGLU = 5
};

__device__ __forceinline__ float activated(float x, int kind) {
    constexpr float SQRT_2_OVER_PI = 0.7978845608F;
    constexpr float SQRT_HALF = 0.7071067812F;
    switch (static_cast<ActivationKind>(kind)) {
        case NO_ACTIVATION:
            return x;
        case SILU:
            return x / (1 + expf(-x));
        case GELU_TANH:
            return 0.5F * x * (1 + tanhf(SQRT_2_OVER_PI * fmaf(0.044715F * x * x, x, x)));
        case RELU:
            return fmaxf(x, 0);
        case RELU_SQUARED:
            return fmaxf(x, 0) * fmaxf(x, 0);
        case GELU_ERF:
            return 0.5F * x * (1 + erff(x * SQRT_HALF));
        case CLAMPED_SWIGLU:
            return fminf(x, 7) / (1 + expf(-1.702F * fminf(x, 7)));
    }
    __builtin_unreachable();
}

/// The factor by which the up-projection multiplies the activated gate.
__device__ __forceinline__ float gateFactor(float up, int kind) {
    return kind == CLAMPED_SWIGLU ? fmaxf(fminf(up, 7), -7) + 1 : up;
}
