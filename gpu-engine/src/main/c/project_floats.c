// out = in * weightᵀ for unquantised weights: f32, f16 or bf16, widened in registers.
//
//   out[r, o] = sum over chunks of 256 inputs, in order:  (fma chain over the chunk, from zero)
//
// The sum over chunks keeps the rounding error of long sums small. Weights lie in panels of sixteen outputs:
//
//   panel ─► k0 [o0 .. o15], k1 [o0 .. o15], ...
//
// From 16 rows on the kernel is bound by fma. With fewer rows it is bound by reading the weights; the panels lie too
// far apart for the hardware to prefetch several of them, so the kernel prefetches. The sums of a tile of FLOAT_ROWS
// rows and FLOAT_PANELS panels are kept in registers.

#include "shards.h"

enum { CHUNK = 256, AHEAD_BYTES = 1024 };
enum floats_as { SINGLE, HALF, BRAIN };

typedef struct {
    const void *weights;    // [panels][inputs][16]
    int inputs, shards, outputs, stride;
    const float *in;        // [rows][inputs]
    float *out;             // [rows][stride], of which `outputs` columns are written
    const float *bias;      // [panels][16] or null
    int accumulate;
} product;

INLINE floats load_weight(const product *p, long at, const enum floats_as type) {
    return type == SINGLE ? load((const float *)p->weights + at)
         : type == HALF   ? load_half((const uint16_t *)p->weights + at)
                          : load_brain((const uint16_t *)p->weights + at);
}

INLINE void tile(
        const product *p, int panel, int row, const int R, const int P, const enum floats_as type) {
    floats total[FLOAT_ROWS * FLOAT_PANELS];
    float stack[MOST_SHARD_LEVELS * FLOAT_ROWS * FLOAT_PANELS * 16];
    int shard_inputs = p->inputs / p->shards;
    int shard = 0;
    do {
        UNROLLED for (int i = 0; i < R * P; i++) {
            total[i] = splat(0);
        }
        int end = (shard + 1) * shard_inputs;
        for (int chunk = shard * shard_inputs; chunk < end; chunk += CHUNK) {
            int chunk_end = chunk + CHUNK < end ? chunk + CHUNK : end;
            floats sum[FLOAT_ROWS * FLOAT_PANELS];      // a constant size, so that the compiler uses registers
            UNROLLED for (int i = 0; i < R * P; i++) {
                sum[i] = splat(0);
            }
            for (int k = chunk; k < chunk_end; k++) {
                floats weight[FLOAT_PANELS];
                UNROLLED for (int i = 0; i < P; i++) {
                    long at = ((long)(panel + i) * p->inputs + k) * 16;
                    fetch((const char *)p->weights + at * (type == SINGLE ? 4 : 2) + AHEAD_BYTES);
                    weight[i] = load_weight(p, at, type);
                }
                UNROLLED for (int r = 0; r < R; r++) {
                    floats x = splat(p->in[(long)(row + r) * p->inputs + k]);
                    UNROLLED for (int i = 0; i < P; i++) {
                        sum[r * P + i] = fma_(weight[i], x, sum[r * P + i]);
                    }
                }
            }
            UNROLLED for (int i = 0; i < R * P; i++) {
                total[i] = add(total[i], sum[i]);
            }
        }
        if (p->shards > 1) {
            add_shard(stack, shard, total, R * P);
        }
    } while (++shard < p->shards);
    UNROLLED for (int r = 0; r < R; r++) {
        UNROLLED for (int i = 0; i < P; i++) {
            int first = 16 * (panel + i);
            int lanes = p->outputs - first < 16 ? p->outputs - first : 16;
            finish(p->out + (long)(row + r) * p->stride + first, total[r * P + i],
                    p->bias ? p->bias + first : 0, lanes, p->accumulate);
        }
    }
}

INLINE void rows_of_panels(const product *p, int panel, int rows, const int P, const enum floats_as type) {
    int row = 0;
    for (; row + FLOAT_ROWS <= rows; row += FLOAT_ROWS) {
        tile(p, panel, row, FLOAT_ROWS, P, type);
    }
    switch (rows - row) {
#if defined(__AVX512F__)
        case 7: tile(p, panel, row, 7, P, type); break;
        case 6: tile(p, panel, row, 6, P, type); break;
#endif
#if defined(__AVX512F__) || defined(__AVX2__)
        case 5: tile(p, panel, row, 5, P, type); break;
        case 4: tile(p, panel, row, 4, P, type); break;
#endif
        case 3: tile(p, panel, row, 3, P, type); break;
        case 2: tile(p, panel, row, 2, P, type); break;
        case 1: tile(p, panel, row, 1, P, type); break;
        default: break;
    }
}

INLINE void panels_of(const product *p, int first, int end, int rows, const enum floats_as type) {
    for (int panel = first; panel < end;) {
        int count = end - panel < FLOAT_PANELS ? end - panel : FLOAT_PANELS;
        switch (count) {
#if defined(__AVX512F__)
            case 3: rows_of_panels(p, panel, rows, 3, type); break;
            case 2: rows_of_panels(p, panel, rows, 2, type); break;
#endif
            default: rows_of_panels(p, panel, rows, 1, type); break;
        }
        panel += count;
    }
}

#define PROJECT(name, type)                                                                                           \
    void KERNEL(name)(                                                                                                \
            const void *weights, int inputs, int shards, int outputs, const float *in, int rows, float *out,          \
            int stride, const float *bias, int accumulate, int first, int end) {                                      \
        product p = {weights, inputs, shards, outputs, stride, in, out, bias, accumulate};                            \
        panels_of(&p, first, end, rows, type);                                                                        \
    }

PROJECT(project_single, SINGLE)
PROJECT(project_half, HALF)
PROJECT(project_brain, BRAIN)
