// Quantises activations to signed bytes, with a scale for every 32 of them.
//
//   scale = max|x| / 127,  q = round(x * (127 / max|x|)) to nearest, ties to even
//
// Bound by reading x once. The product kernels also need sums of the bytes, which cost almost nothing here: for each
// group the correction -offset * sum, where offset is the number added to every weight to make it unsigned; and, for
// weights with minimums, scale * sum.

#include "lanes.h"

/// @param in          [rows][columns], columns a multiple of 32
/// @param bytes       [rows][columns]
/// @param scales      [rows][columns / 32]
/// @param corrections [rows][columns / group]: -offset * sum of the group's bytes
/// @param sums        [rows][columns / group]: scale * sum, or null
/// @param group       bytes in a group, 16 or 32
void KERNEL(quantise)(
        const float *in, int columns, int rows, int8_t *bytes, float *scales, int32_t *corrections, float *sums,
        int group, int offset) {
    long blocks = (long)rows * columns / 32;
    for (long block = 0; block < blocks; block++) {
        floats low = load(in + 32 * block), high = load(in + 32 * block + 16);
        float first = greatest_magnitude(absolute(low)), most = greatest_magnitude(absolute(high));
        most = first > most || first != first ? first : most;
        float scale = most / 127;
        floats inverse = splat(most < 0x1p-100f ? 0 : 127 / most);
        int32_t sum_low = store_bytes(bytes + 32 * block, whole(low, inverse));
        int32_t sum_high = store_bytes(bytes + 32 * block + 16, whole(high, inverse));
        scales[block] = scale;
        if (group == 32) {
            corrections[block] = -offset * (sum_low + sum_high);
            if (sums) {
                sums[block] = scale * (float)(sum_low + sum_high);
            }
        } else {
            corrections[2 * block] = -offset * sum_low;
            corrections[2 * block + 1] = -offset * sum_high;
            if (sums) {
                sums[2 * block] = scale * (float)sum_low;
                sums[2 * block + 1] = scale * (float)sum_high;
            }
        }
    }
}
