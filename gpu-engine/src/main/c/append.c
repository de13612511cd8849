// Rotates the queries and keys of one row in place, and writes its keys and values to their KV block.
//
//   adjacent:  (x[2i], x[2i+1])       are rotated by the angle of pair i      (Su et al. 2021)
//   halves:    (x[i], x[i + dims/2])
//
// Keys lie in panels of tokens, so that a register holds one dimension of sixteen keys. Values lie token by token:
//
//   keys   [block][kvHead][tokens / P][headDim][P], P = min(16, tokens)
//   values [block][kvHead][tokens][headDim padded to 16]
//
// Both are f32, or are rounded to f16, which halves the bytes that attention reads, or to signed bytes, with an f32
// scale for each head and token: scale = max|x| / 127, q = round(x * (127 / max|x|)). The scales of a block's head follow
// its keys, [tokens], and its values. Bound by the scattered writes of keys.

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

/// Writes one head's key to its column of a key panel, and its value to the head's values, in f32.
INLINE void put_floats(float *keys, int panel, float *values, const float *key, const float *value, int head_dim) {
    for (int i = 0; i < head_dim; i++) {
        keys[(long)i * panel] = key[i];
    }
    if (values) {
        memcpy(values, value, (size_t)head_dim * sizeof(float));
    }
}

/// Does the same in f16.
INLINE void put_halves(
        uint16_t *keys, int panel, uint16_t *values, const float *key, const float *value, int head_dim) {
    for (int i = 0; i < head_dim; i += 16) {
        int lanes = head_dim - i < 16 ? head_dim - i : 16;
        uint16_t halves[16];
        store_half(halves, lanes == 16 ? load(key + i) : load_first(key + i, lanes));
        for (int lane = 0; lane < lanes; lane++) {
            keys[(long)(i + lane) * panel] = halves[lane];
        }
        if (values) {
            store_half(values + i, lanes == 16 ? load(value + i) : load_first(value + i, lanes));
        }
    }
}

/// Rounds one head's key or value to bytes, which are written `step` bytes apart; returns their scale.
INLINE float put_bytes(int8_t *to, int step, const float *x, int head_dim) {
    float most = 0;
    for (int i = 0; i < head_dim; i += 16) {
        float part = greatest_magnitude(absolute(head_dim - i < 16 ? load_first(x + i, head_dim - i) : load(x + i)));
        most = most > part || most != most ? most : part;
    }
    floats inverse = splat(most < 0x1p-100f ? 0 : 127 / most);
    for (int i = 0; i < head_dim; i += 16) {
        int lanes = head_dim - i < 16 ? head_dim - i : 16;
        int8_t bytes[16];
        store_bytes(bytes, whole(lanes == 16 ? load(x + i) : load_first(x + i, lanes), inverse));
        for (int lane = 0; lane < lanes; lane++) {
            to[(long)(i + lane) * step] = bytes[lane];
        }
    }
    return most / 127;
}

/// Writes the keys and values of all heads in bytes.
INLINE void put_all_bytes(
        int8_t *keys, int8_t *values, const float *key, const float *value, int kv_heads, int head_dim, int padded,
        int block_tokens, int token) {
    int panel = block_tokens < 16 ? block_tokens : 16;
    for (int head = 0; head < kv_heads; head++) {
        int8_t *of_head = keys + (long)head * block_tokens * (head_dim + (int)sizeof(float));
        float scale = put_bytes(of_head + (long)(token / panel) * head_dim * panel + token % panel, panel,
                                key + head * head_dim, head_dim);
        memcpy(of_head + (long)block_tokens * head_dim + (int)sizeof(float) * token, &scale, sizeof scale);
        if (values) {
            of_head = values + (long)head * block_tokens * (padded + (int)sizeof(float));
            scale = put_bytes(of_head + (long)token * padded, 1, value + head * head_dim, head_dim);
            memcpy(of_head + (long)block_tokens * padded + (int)sizeof(float) * token, &scale, sizeof scale);
        }
    }
}

/// @param row        [(heads + 2 kvHeads) * headDim]; queries and keys are rotated in place
/// @param query_norm [headDim] padded to a multiple of 16, or null
/// @param cosines    [dims / 2] cosines of the row's position, times the rotary magnitude
/// @param keys       keys of the row's block, [kvHeads][tokens / P][headDim][P]
/// @param values     values of the row's block, [kvHeads][tokens][padded headDim]; null if values are a part of
///                   the keys
/// @param stored     bytes of a number: 4 for f32, 2 for f16, 1 for bytes with scales
/// @param token      index of the row's position within the block
void KERNEL(append)(
        float *row, int heads, int kv_heads, int head_dim, const float *query_norm, const float *key_norm,
        float epsilon, const float *cosines, const float *sines, int dims, int halves,
        void *keys, void *values, int stored, int block_tokens, int token) {
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
    if (stored == 1) {
        put_all_bytes(keys, values, key, value, kv_heads, head_dim, padded, block_tokens, token);
        return;
    }
    for (int head = 0; head < kv_heads; head++) {
        long to_key = (long)head * block_tokens * head_dim + (long)(token / panel) * head_dim * panel + token % panel;
        long to_value = ((long)head * block_tokens + token) * padded;
        if (stored == 2) {
            put_halves((uint16_t *)keys + to_key, panel, values ? (uint16_t *)values + to_value : 0,
                       key + head * head_dim, value + head * head_dim, head_dim);
        } else {
            put_floats((float *)keys + to_key, panel, values ? (float *)values + to_value : 0, key + head * head_dim,
                       value + head * head_dim, head_dim);
        }
    }
}
