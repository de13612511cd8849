// Non-linearities of the feed-forward layer, and sums of rows.
//
//   SiLU:       x / (1 + exp(-x))
//   GELU tanh:  (x / 2) * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x³)))
//   GELU erf:   (x / 2) * erfc(-x / sqrt 2), erfc by Chebyshev fitting (relative error 1.2e-7)
//   ReLU:       max(x, 0), or its square
//   clamped SwiGLU (gpt-oss):  x / (1 + exp(-1.702 x)) with x at most 7; times 1 + up, with up from -7 to 7
//
// Bound by memory: each row is read and written once. All functions are computed from exp(x) with x <= 0, so nothing
// overflows.

#include "lanes.h"

// As KernelNumbers.java numbers them; a switch over them has no default, so that the compiler names a missing one.
enum activation { SILU = 0, GELU_TANH = 1, GELU_ERF = 2, RELU = 3, RELU_SQUARED = 4, CLAMPED_SWIGLU = 5 };

INLINE floats silu(floats x) {
    floats e = exponential(sub(splat(0), absolute(x)));
    return div_(mul(x, where_positive(x, splat(1), e)), add(splat(1), e));
}

INLINE floats clamped_swish(floats x) {
    floats e = exponential(sub(splat(0), mul(absolute(x), splat(1.702f))));
    return div_(mul(x, where_positive(x, splat(1), e)), add(splat(1), e));
}

INLINE floats gelu_tanh(floats x) {
    floats cubic = mul(mul(mul(splat(0.044715f), x), x), x);
    floats t = tangent(mul(splat(0.79788456f), add(x, cubic)));
    return mul(mul(splat(0.5f), x), add(splat(1), t));
}

INLINE floats gelu_erf(floats x) {
    static const float terms[] = {0.17087277f, -0.82215223f, 1.48851587f, -1.13520398f, 0.27886807f,
                                  -0.18628806f, 0.09678418f, 0.37409196f, 1.00002368f, -1.26551223f};
    floats z = mul(splat(0.70710677f), absolute(x));
    floats t = div_(splat(1), fma_(splat(0.5f), z, splat(1)));
    floats sum = splat(terms[0]);
    for (int i = 1; i < 10; i++) {
        sum = fma_(sum, t, splat(terms[i]));
    }
    floats power = sub(sum, mul(z, z));
    floats tail = mul(t, exponential(min_(splat(0), power)));      // erfc(|x| / sqrt 2)
    floats erfc = where_positive(x, sub(splat(2), tail), tail);
    return mul(mul(splat(0.5f), x), erfc);
}

INLINE floats activated(floats x, const enum activation activation) {
    switch (activation) {
        case SILU: return silu(x);
        case GELU_TANH: return gelu_tanh(x);
        case GELU_ERF: return gelu_erf(x);
        case RELU: return max_(x, splat(0));
        case RELU_SQUARED: return mul(max_(x, splat(0)), max_(x, splat(0)));
        case CLAMPED_SWIGLU: return clamped_swish(min_(x, splat(7)));
    }
    __builtin_unreachable();
}

/// The factor by which the up-projection multiplies the activated gate.
INLINE floats factor(floats up, const enum activation activation) {
    return activation == CLAMPED_SWIGLU ? add(max_(min_(up, splat(7)), splat(-7)), splat(1)) : up;
}

INLINE void rows_of(
        float *out, const float *in, int rows, int width, int gated, const enum activation activation) {
    for (int row = 0; row < rows; row++, out += width, in += gated ? 2 * width : width) {
        int at = 0;
        for (; at + 16 <= width; at += 16) {
            floats value = activated(load(in + at), activation);
            store(out + at, gated ? mul(value, factor(load(in + width + at), activation)) : value);
        }
        if (at < width) {
            int rest = width - at;
            floats value = activated(load_first(in + at, rest), activation);
            floats result = gated ? mul(value, factor(load_first(in + width + at, rest), activation)) : value;
            store_first(out + at, result, rest);
        }
    }
}

/// Applies the activation, and multiplies by the up-projection where `gated`.
///
/// @param out        [rows][width], overwritten
/// @param in         [rows][width]; where `gated`, [rows][2][width], the gate before the up-projection
/// @param activation a value of `enum activation`
void KERNEL(activate)(float *out, const float *in, int rows, int width, int gated, int activation) {
    switch ((enum activation)activation) {
        case SILU: rows_of(out, in, rows, width, gated, SILU); return;
        case GELU_TANH: rows_of(out, in, rows, width, gated, GELU_TANH); return;
        case GELU_ERF: rows_of(out, in, rows, width, gated, GELU_ERF); return;
        case RELU: rows_of(out, in, rows, width, gated, RELU); return;
        case RELU_SQUARED: rows_of(out, in, rows, width, gated, RELU_SQUARED); return;
        case CLAMPED_SWIGLU: rows_of(out, in, rows, width, gated, CLAMPED_SWIGLU); return;
    }
    __builtin_trap();      // a number that Java does not know
}

/// Copies or adds rows of `width` floats: `out = in`, or `out += in` where `accumulate`.
void KERNEL(put)(float *out, int stride, const float *in, int in_stride, int rows, int width, int accumulate) {
    for (int row = 0; row < rows; row++, out += stride, in += in_stride) {
        int at = 0;
        for (; at + 16 <= width; at += 16) {
            store(out + at, accumulate ? add(load(out + at), load(in + at)) : load(in + at));
        }
        if (at < width) {
            int rest = width - at;
            floats value = load_first(in + at, rest);
            store_first(out + at, accumulate ? add(load_first(out + at, rest), value) : value, rest);
        }
    }
}
