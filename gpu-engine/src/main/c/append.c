// Queries turned in place, keys and values into their block, for one row.
//
//   adjacent:  (x[2i], x[2i+1])       turn by the angle of pair i      (Su et al. 2021)
//   halves:    (x[i], x[i + dims/2])
//
// Keys lie in panels of tokens, so that a register holds one dimension of sixteen keys; values token by token:
//
//   keys   [block][kvHead][tokens / P][headDim][P], P = min(16, tokens)
//   values [block][kvHead][tokens][headDim padded to 16]
//
// Bound by scattering the keys.

#include "lanes.h"

void KERNEL(normalise)(float *out, const float *in, int count, int width, int centred, float epsilon,
                       const float *weight, const float *bias);

INLINE void turn(float *x, const float *cosines, const float *sines, int dims, int halves) {
    int pairs = dims / 2;
    if (halves) {
        for (int i = 0; i < pairs; i++) {
            float a = x[i], b = x[i + pairs];
            x[i] = __builtin_fmaf(a, cosines[i], -(b * sines[i]));
            x[i + pairs] = __builtin_fmaf(a, sines[i], b * cosines[i]);
        }
    } else {
        for (int i = 0; i < pairs; i++) {
            float a = x[2 * i], b = x[2 * i + 1];
            x[2 * i] = __builtin_fmaf(a, cosines[i], -(b * sines[i]));
            x[2 * i + 1] = __builtin_fmaf(a, sines[i], b * cosines[i]);
        }
    }
}

/// @param row        [(heads + 2 kvHeads) * headDim]; queries and keys are turned in place
/// @param query_norm [headDim] padded to a multiple of 16, or null
/// @param cosines    [dims / 2] of the row's position, times the rotary magnitude
/// @param keys       the row's block, [kvHeads][tokens / P][headDim][P]
/// @param values     the row's block, [kvHeads][tokens][padded headDim]
/// @param token      within the block
void KERNEL(append)(
        float *row, int heads, int kv_heads, int head_dim, const float *query_norm, const float *key_norm,
        float epsilon, const float *cosines, const float *sines, int dims, int halves,
        float *keys, float *values, int block_tokens, int token) {
    float *key = row + heads * head_dim;
    const float *value = key + kv_heads * head_dim;
    if (query_norm) {
        KERNEL(normalise)(row, row, heads, head_dim, 0, epsilon, query_norm, 0);
    }
    if (key_norm) {
        KERNEL(normalise)(key, key, kv_heads, head_dim, 0, epsilon, key_norm, 0);
    }
    for (int head = 0; head < heads + kv_heads; head++) {
        turn(row + head * head_dim, cosines, sines, dims, halves);
    }
    int panel = block_tokens < 16 ? block_tokens : 16, padded = (head_dim + 15) / 16 * 16;
    for (int head = 0; head < kv_heads; head++) {
        float *to = keys + (long)head * block_tokens * head_dim + (long)(token / panel) * head_dim * panel
                  + token % panel;
        for (int i = 0; i < head_dim; i++) {
            to[(long)i * panel] = key[head * head_dim + i];
        }
        memcpy(values + ((long)head * block_tokens + token) * padded, value + head * head_dim,
               (size_t)head_dim * sizeof(float));
    }
}
