// The two passes over a row of logits that a draw needs: the first finds the greatest logit, the second computes the
// mass of every token.
//
//   mass = floor(exp((logit - greatest) / temperature) * 2^40), an integer, as f32 (24 bits hold it)
//
// Masses are summed exactly, so that the order of additions does not matter: the sum of the upper 20 bits of 64 masses
// fits into an f32 lane, and so does the sum of their lower bits. Bound by the polynomial and the division; the row is
// read from the cache.

#include "lanes.h"

enum { WEIGHED_TOGETHER = 64 };

/// The greatest logit; NaN if a logit is not finite. Where `masked`, minus infinity is allowed.
float KERNEL(greatest)(const float *row, int count, int masked) {
    floats most = splat(-__builtin_inff()), doubt = splat(0);
    for (int at = 0; at < count; at += 16) {
        floats x = count - at >= 16 ? load(row + at) : keep_range(load_first(row + at, count - at), 0, count - at,
                splat(row[0]));
        most = max_(most, x);
        x = masked ? max_(splat(-3.402823466e38f), x) : x;
        doubt = add(doubt, sub(x, x));
    }
    return greatest(most) + sum_tree(doubt);
}

/// Computes the masses and returns their sum.
///
/// @param most   the greatest logit
/// @param masses room for `count` masses, rounded up to a multiple of 64
/// @param totals the sum of each 64 masses
/// @param maxima the greatest mass of each 64
int64_t KERNEL(weigh)(
        const float *row, int count, float most, float temperature, float *masses, int64_t *totals, float *maxima) {
    int64_t total = 0;
    for (int first = 0, chunk = 0; first < count; first += WEIGHED_TOGETHER, chunk++) {
        floats high_sum = splat(0), low_sum = splat(0), top = splat(0);
        for (int at = first; at < first + WEIGHED_TOGETHER && at < count; at += 16) {
            floats x = count - at >= 16 ? load(row + at) : load_first(row + at, count - at);
            x = div_(sub(x, splat(most)), splat(temperature));
            x = mul(exponential(x), splat(0x1p40f));
            if (count - at < 16) {
                x = keep_range(x, 0, count - at, splat(0));
            }
            floats high = truncated(mul(x, splat(0x1p-20f)));
            floats low = truncated(fma_(high, splat(-0x1p20f), x));
            x = fma_(high, splat(0x1p20f), low);
            high_sum = add(high_sum, high);
            low_sum = add(low_sum, low);
            top = max_(top, x);
            store(masses + at, x);
        }
        totals[chunk] = ((int64_t)sum_whole(high_sum) << 20) + sum_whole(low_sum);
        maxima[chunk] = greatest(top);
        total += totals[chunk];
    }
    return total;
}
