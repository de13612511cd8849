// Compares the kernels of two instruction sets bit by bit, for machines that the build does not run on. Prints each
// kernel that was compared; exits with 1 at the first difference.
//
// Compiled with -DFIRST=name -DSECOND=name, and linked with the kernels of both sets.

#include <stdio.h>
#include <stdlib.h>

#include "packed.h"

#define JOIN_(set, name) flover_##set##_##name
#define JOIN(set, name) JOIN_(set, name)

typedef void project_kernel(
        const uint8_t *, const void *, const void *, int, int, int, int, const int8_t *, const float *, const int32_t *,
        const float *, int, float *, int, const float *, int, int, int);
typedef void pack_kernel(const uint8_t *const *, int, uint8_t *, void *, void *);
typedef void float_kernel(
        const void *, int, int, int, const float *, int, float *, int, const float *, int, int, int);
typedef void round_kernel(const float *, int, int, void *);
typedef void quantise_kernel(
        const float *, int, int, int8_t *, float *, int32_t *, float *, int, int);
typedef void normalise_kernel(float *, const float *, int, int, int, float, const float *, const float *);
typedef void activate_kernel(float *, const float *, int, int, int, int);
typedef void append_kernel(
        float *, int, int, int, const float *, const float *, float, const float *, const float *, int, int, void *,
        void *, int, int, int);
typedef void attention_kernel(
        float *, const float *, int, int, int, int, int, int, int, int, const void *, const void *, const int *, int,
        int, float, float, const float *, float *);

#define BOTH(type, name)                                                                                              \
    type JOIN(FIRST, name), JOIN(SECOND, name);                                                                       \
    static type *const name[2] = {JOIN(FIRST, name), JOIN(SECOND, name)};

BOTH(quantise_kernel, quantise)
BOTH(normalise_kernel, normalise)
BOTH(activate_kernel, activate)
BOTH(append_kernel, append)
BOTH(attention_kernel, attention_single)
BOTH(attention_kernel, attention_half)
BOTH(attention_kernel, attention_byte)
BOTH(round_kernel, round_to_bf16)
BOTH(float_kernel, project_single)
BOTH(float_kernel, project_half)
BOTH(float_kernel, project_bf16)

/// The stored types: name, layout, bytes of a block, offset of its codes.
#define TYPES                                                                                                         \
    TYPE(q8_0, Q8_0_FORM, 34, 128)                                                                                    \
    TYPE(q4_0, Q4_0_FORM, 18, 8)                                                                                      \
    TYPE(q4_1, Q4_1_FORM, 20, 0)                                                                                      \
    TYPE(q5_0, Q5_0_FORM, 22, 16)                                                                                     \
    TYPE(q5_1, Q5_1_FORM, 24, 0)                                                                                      \
    TYPE(iq4_nl, IQ4_NL_FORM, 18, 128)                                                                                \
    TYPE(iq4_xs, IQ4_XS_FORM, 136, 128)                                                                               \
    TYPE(mxfp4, MXFP4_FORM, 17, 12)                                                                                   \
    TYPE(q2_k, Q2_K_FORM, 84, 0)                                                                                      \
    TYPE(q3_k, Q3_K_FORM, 110, 4)                                                                                     \
    TYPE(q4_k, Q4_K_FORM, 144, 0)                                                                                     \
    TYPE(q5_k, Q5_K_FORM, 176, 0)                                                                                     \
    TYPE(q6_k, Q6_K_FORM, 210, 32)

#define TYPE(name, layout, bytes, offset) BOTH(project_kernel, project_##name) BOTH(pack_kernel, pack_##name)
TYPES
#undef TYPE

enum { ROWS = 13, OUTPUTS = 70, PANELS = 5, BLOCKS = 24, INPUTS = 32 * BLOCKS, MOST = 1 << 20 };

static uint64_t state = 20261130;

static uint32_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static float number(void) { return (float)(int32_t)(next() % 2001) / 1000 - 1; }

static void *memory(size_t bytes) {
    void *all = aligned_alloc(64, (bytes + 4096) / 64 * 64);
    memset(all, 0, (bytes + 4096) / 64 * 64);
    return all;
}

static float *numbers(int count) {
    float *all = memory((size_t)count * 4);
    for (int i = 0; i < count; i++) {
        all[i] = number();
    }
    return all;
}

static void compare(const char *kernel, const void *first, const void *second, size_t bytes) {
    if (memcmp(first, second, bytes)) {
        size_t at = 0;
        while (((const char *)first)[at] == ((const char *)second)[at]) {
            at++;
        }
        printf("%s differs at byte %zu of %zu\n", kernel, at, bytes);
        exit(1);
    }
    printf("%s is equal\n", kernel);
}

static void compare_products(const char *name, project_kernel *const *kernels, form f, int offset) {
    int skipped = f.span > 1 ? 3 : 0, records = (skipped + BLOCKS + f.span - 1) / f.span;
    size_t quant_bytes = (size_t)PANELS * records * f.span * block_bytes(f);
    uint8_t *quants = memory(quant_bytes);
    for (size_t i = 0; i < quant_bytes; i++) {
        quants[i] = (uint8_t)next();
    }
    uint16_t *scales = memory((size_t)PANELS * records * 16 * 2), *minimums = memory((size_t)PANELS * records * 16 * 2);
    for (int i = 0; i < PANELS * records * 16; i++) {
        scales[i] = f.scale == POWER_SCALE ? (uint16_t)(0x7877 + next() % 5 * 0x0101)
                                           : (uint16_t)(0x1800 + next() % 0x400 + (next() % 2 << 15));
        minimums[i] = (uint16_t)(0x1400 + next() % 0x400 + (next() % 2 << 15));
    }
    float *in = numbers(ROWS * INPUTS), *bias = numbers(16 * PANELS), *out[2];
    for (int set = 0; set < 2; set++) {
        int8_t *bytes = memory(ROWS * INPUTS);
        float *row_scales = memory(ROWS * INPUTS / 8), *sums = memory(ROWS * INPUTS / 4);
        int32_t *corrections = memory(ROWS * INPUTS / 4);
        quantise[set](in, INPUTS, ROWS, bytes, row_scales, corrections, sums, f.group, offset);
        out[set] = memory(3 * ROWS * OUTPUTS * 4);
        for (int rows = 1, part = 0; rows <= ROWS; rows += 6, part++) {
            kernels[set](quants, scales, f.minimums ? minimums : 0, skipped, BLOCKS, 4, OUTPUTS, bytes, row_scales,
                         corrections, sums, rows, out[set] + part * ROWS * OUTPUTS, OUTPUTS, bias, 1, 0, PANELS);
        }
    }
    compare(name, out[0], out[1], 3 * ROWS * OUTPUTS * 4);
}

/// A panel of eleven rows of random blocks.
static void compare_packs(const char *name, pack_kernel *const *kernels, form f, int stored_bytes) {
    enum { RECORDS = 7, PRESENT = 11 };
    uint8_t *stored = memory((size_t)(PRESENT * RECORDS * stored_bytes)), *out[2];
    const uint8_t *rows[16] = {0};
    for (int i = 0; i < PRESENT * RECORDS * stored_bytes; i++) {
        stored[i] = (uint8_t)next();
    }
    for (int lane = 0; lane < PRESENT; lane++) {
        rows[lane] = stored + lane * RECORDS * stored_bytes;
    }
    size_t quants = (size_t)(RECORDS * f.span * block_bytes(f)), scales = RECORDS * 16 * 2;
    for (int set = 0; set < 2; set++) {
        out[set] = memory(quants + 2 * scales);
        kernels[set](rows, RECORDS, out[set], out[set] + quants, f.minimums ? out[set] + quants + scales : 0);
    }
    compare(name, out[0], out[1], quants + 2 * scales);
}

static void compare_floats(const char *name, float_kernel *const *kernels, int single, int rounds) {
    float *weights = numbers(PANELS * 16 * INPUTS), *in = numbers(ROWS * INPUTS), *bias = numbers(16 * PANELS), *out[2];
    for (int i = 0; !single && i < PANELS * 16 * INPUTS; i++) {
        ((uint16_t *)weights)[i] = (uint16_t)(next() % 0x3C00 | next() % 2 << 15);      // also subnormal f16
    }
    for (int set = 0; set < 2; set++) {
        out[set] = memory(ROWS * OUTPUTS * 4);
        float *rounded = memory(ROWS * INPUTS * 4);
        round_to_bf16[set](in, INPUTS, ROWS, rounded);
        kernels[set](weights, INPUTS, 4, OUTPUTS, rounds ? rounded : in, ROWS, out[set], OUTPUTS, bias, 0, 0, PANELS);
    }
    compare(name, out[0], out[1], ROWS * OUTPUTS * 4);
}

static void compare_rows(void) {
    float *in = numbers(4 * 1000), *weight = numbers(1008), *out[2];
    for (int set = 0; set < 2; set++) {
        out[set] = memory(12 * 4 * 1000 * 4);
        normalise[set](out[set], in, 4, 1000, 0, 1e-5f, weight, 0);
        normalise[set](out[set] + 4000, in, 4, 993, 1, 1e-5f, weight, weight);
        for (int kind = 0; kind < 5; kind++) {
            activate[set](out[set] + (2 + 2 * kind) * 4000, in, 4, 500, 1, kind);
        }
    }
    compare("normalise and activate", out[0], out[1], 12 * 4 * 1000 * 4);
}

/// 150 positions are appended; then attention of the last 9.
static void compare_attention(
        const char *name, attention_kernel *const *kernels, int stored, int block_tokens, int window) {
    enum { HEADS = 4, KV_HEADS = 2, DIM = 40, PADDED = 48, LENGTH = 150, LAST = 9 };
    enum { STRIDE = (HEADS + 2 * KV_HEADS) * DIM };
    float *rows = numbers(LENGTH * STRIDE), *angles = numbers(LENGTH * 8), *norm = numbers(PADDED), *out[2];
    int blocks = (LENGTH + block_tokens - 1) / block_tokens, table[LENGTH];
    for (int i = 0; i < blocks; i++) {
        table[i] = blocks - 1 - i;
    }
    for (int set = 0; set < 2; set++) {
        size_t size = (size_t)stored;
        size_t scale = stored == 1 ? sizeof(float) : 0;
        size_t key_bytes = DIM * size + scale, value_bytes = PADDED * size + scale;     // of one head and token
        char *keys = memory((size_t)(blocks * KV_HEADS * block_tokens) * key_bytes);
        char *values = memory((size_t)(blocks * KV_HEADS * block_tokens) * value_bytes);
        float *all = memory(LENGTH * STRIDE * 4), *scratch = memory(MOST);
        memcpy(all, rows, LENGTH * STRIDE * 4);
        for (int position = 0; position < LENGTH; position++) {
            size_t block = (size_t)(table[position / block_tokens] * KV_HEADS * block_tokens);
            append[set](all + position * STRIDE, HEADS, KV_HEADS, DIM, norm, norm, 1e-5f, angles + 8 * position,
                        angles + 8 * position + 4, 8, 1, keys + block * key_bytes, values + block * value_bytes,
                        stored, block_tokens, position % block_tokens);
        }
        out[set] = memory(LAST * HEADS * DIM * 4);
        for (int head = 0; head < KV_HEADS; head++) {
            kernels[set](out[set], all + (LENGTH - LAST) * STRIDE, STRIDE, LAST, LENGTH - LAST, HEADS / KV_HEADS, DIM,
                         DIM, KV_HEADS, head, keys, values, table, block_tokens, window, 0.3f, window ? 0 : 20, 0,
                         scratch);
        }
    }
    compare(name, out[0], out[1], LAST * HEADS * DIM * 4);
}

int main(void) {
    compare_rows();
    compare_floats("project_single", project_single, 1, 0);
    compare_floats("project_half", project_half, 0, 0);
    compare_floats("project_bf16", project_bf16, 0, 1);
#define TYPE(name, layout, bytes, offset)                                                                             \
    compare_products("project_" #name, project_##name, (form)layout, offset);                                         \
    compare_packs("pack_" #name, pack_##name, (form)layout, bytes);
    TYPES
#undef TYPE
    compare_attention("attention_single", attention_single, 4, 4, 0);
    compare_attention("attention_half", attention_half, 2, 16, 70);
    compare_attention("attention_half in blocks of 128", attention_half, 2, 128, 0);
    compare_attention("attention_byte", attention_byte, 1, 4, 70);
    compare_attention("attention_byte in blocks of 128", attention_byte, 1, 128, 0);
    return 0;
}
