// Norms of rows (Zhang and Sennrich 2019; Ba et al. 2016).
//
//   RMS:    out = (x * (1 / sqrt(mean(x²) + epsilon))) * weight
//   layer:  out = (((x - mean) * (1 / sqrt(mean((x - mean)²) + epsilon))) * weight) + bias
//
// Sums consist of sixteen partial sums, element i in sum i mod 16, which are added in a tree. Bound by reading x.

#include "lanes.h"

INLINE floats first_lanes(const float *x, int at, int width) {
    return at + 16 <= width ? load(x + at) : load_first(x + at, width - at);
}

/// The sum of x - shift, or of its squares.
INLINE float sum_of(const float *x, int width, float shift, const int squares) {
    floats sums = splat(0);
    for (int at = 0; at < width; at += 16) {
        floats value = sub(first_lanes(x, at, width), splat(shift));
        if (at + 16 > width) {
            value = keep_range(value, 0, width - at, splat(0));
        }
        sums = squares ? fma_(value, value, sums) : add(sums, value);
    }
    return sum_tree(sums);
}

/// @param out    [count][width], may be `in`
/// @param weight [width], padded to a multiple of 16
/// @param bias   [width], padded to a multiple of 16, or null
void KERNEL(normalise)(
        float *out, const float *in, int count, int width, int centred, float epsilon,
        const float *weight, const float *bias) {
    for (int row = 0; row < count; row++, in += width, out += width) {
        float mean = centred ? sum_of(in, width, 0, 0) / (float)width : 0;
        float variance = sum_of(in, width, mean, 1) / (float)width;
        floats factor = splat(1 / __builtin_sqrtf(variance + epsilon));
        for (int at = 0; at < width; at += 16) {
            floats value = mul(mul(sub(first_lanes(in, at, width), splat(mean)), factor), load(weight + at));
            if (bias) {
                value = add(value, load(bias + at));
            }
            if (at + 16 <= width) {
                store(out + at, value);
            } else {
                store_first(out + at, value, width - at);
            }
        }
    }
}
