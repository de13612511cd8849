// out = in * weightᵀ for weights in blocks of 32: integer dot products within a block, f32 across blocks.
//
//   out[r, o] = sum over blocks b, in order:  (scale[o, b] * scale[r, b]) * (sum over the block of q[o, k] * q[r, k])
//             + for weights with minimums:    minimum[o, b] * (scale[r, b] * sum over the block of q[r, k])
//
// The integer sum is exact; the sum over b is a chain of fma from zero. Weights lie in panels of sixteen outputs, with
// four inputs of each output side by side, so that a register of weights is multiplied by a broadcast of four
// activations:
//
//   panel ─► block ─► 8 times [ o0: k0 k1 k2 k3 | o1: k0 k1 k2 k3 | ... | o15 ]     512 bytes; as nibbles 256, where
//                                                                                  the low nibbles are inputs 0 to 15
//
// From 16 rows on the kernel is bound by the int8 multipliers. With fewer rows it is bound by reading the weights, so
// it prefetches them. A tile of INTEGER_ROWS rows and INTEGER_PANELS panels keeps its integer and float sums in
// registers. With up to HELD_ROWS rows, all tiles process a few blocks before any tile goes on to the next blocks: the
// weights of these blocks stay in the L1 cache, while the next ones are prefetched from memory. Nibbles are unpacked
// again for every tile, which costs less than storing the unpacked weights and reading twice as many bytes.

#include "shards.h"

enum { AHEAD_BYTES = 1024, AHEAD_ROWS = 16, CHUNK_BLOCKS = 4, HELD_ROWS = 32 };
enum scales { HALF_SCALES, FLOAT_SCALES };

typedef struct {
    const uint8_t *quants;       // [panels][blocks][512 or 256]
    const void *scales;          // [panels][blocks][32 / group][16] f16 or f32
    const float *minimums;       // [panels][blocks][32 / group][16] f32, or null
    int blocks, shards, outputs, stride;
    const int8_t *bytes;         // [rows][32 * blocks]
    const float *row_scales;     // [rows][blocks]
    const int32_t *corrections;  // [rows][blocks * 32 / group]
    const float *sums;           // [rows][blocks * 32 / group], read where there are minimums
    float *out;                  // [rows][stride], of which `outputs` columns are written
    const float *bias;           // [panels][16] or null
    int accumulate;
} product;

INLINE ints broadcast_four(const int8_t *bytes) {
    int32_t four;
    memcpy(&four, bytes, 4);
    return splat_int(four);
}

INLINE floats load_scale(const product *p, long at, const enum scales scales) {
    return scales == HALF_SCALES ? load_half((const uint16_t *)p->scales + at) : load((const float *)p->scales + at);
}

/// Adds the products of one block to the sums of `R` rows and `P` panels, and prefetches the weights `ahead` bytes
/// further on where `ahead` is not 0.
INLINE void add_block(
        const product *p, const uint8_t *quants, long panel_bytes, int panel, int row, int block, long ahead,
        floats *sum,
        const int R, const int P, const int nibbles, const enum scales scales, const int minimums, const int group,
        const int is_signed) {
    const int groups = 32 / group, steps = group / 4;
    for (int g = 0; g < groups; g++) {
        ints integer[INTEGER_ROWS * INTEGER_PANELS];
        UNROLLED for (int r = 0; r < R; r++) {
            int32_t correction = p->corrections[(long)(row + r) * p->blocks * groups + block * groups + g];
            UNROLLED for (int i = 0; i < P; i++) {
                integer[r * P + i] = splat_int(is_signed ? 0 : correction);
            }
        }
        UNROLLED for (int step = g * steps; step < (g + 1) * steps; step++) {
            ints weight[INTEGER_PANELS];
            UNROLLED for (int i = 0; i < P; i++) {
                const uint8_t *at = quants + i * panel_bytes
                        + (nibbles ? 256L * block + 64 * (step % 4) : 512L * block + 64 * step);
                if (ahead && (!nibbles || step < 4)) {
                    fetch(at + ahead);
                }
                ints stored = load_ints(at);
                weight[i] = !nibbles ? stored : step < 4 ? low_nibbles(stored) : high_nibbles(stored);
            }
            UNROLLED for (int r = 0; r < R; r++) {
                ints four = broadcast_four(p->bytes + (long)(row + r) * 32 * p->blocks + 32 * block + 4 * step);
                UNROLLED for (int i = 0; i < P; i++) {
                    integer[r * P + i] = is_signed ? dot_signed(integer[r * P + i], weight[i], four)
                                                   : dot(integer[r * P + i], weight[i], four);
                }
            }
        }
        floats scale[INTEGER_PANELS];
        UNROLLED for (int i = 0; i < P; i++) {
            scale[i] = load_scale(p, (((long)(panel + i) * p->blocks + block) * groups + g) * 16, scales);
        }
        UNROLLED for (int r = 0; r < R; r++) {
            floats row_scale = splat(p->row_scales[(long)(row + r) * p->blocks + block]);
            UNROLLED for (int i = 0; i < P; i++) {
                floats *to = &sum[r * P + i];
                *to = fma_(from_ints(integer[r * P + i]), mul(scale[i], row_scale), *to);
            }
        }
        if (minimums) {
            UNROLLED for (int i = 0; i < P; i++) {
                floats minimum = load(p->minimums + (((long)(panel + i) * p->blocks + block) * groups + g) * 16);
                UNROLLED for (int r = 0; r < R; r++) {
                    floats row_sum = splat(p->sums[(long)(row + r) * p->blocks * groups + block * groups + g]);
                    sum[r * P + i] = fma_(minimum, row_sum, sum[r * P + i]);
                }
            }
        }
    }
}

/// The sums of some rows' tiles, kept while other tiles are computed.
typedef struct {
    _Alignas(64) float sums[HELD_ROWS][INTEGER_PANELS * 16];
    _Alignas(64) float shards[HELD_ROWS][MOST_SHARD_LEVELS * INTEGER_PANELS * 16];
} held;

/// Some consecutive blocks of one shard.
typedef struct {
    int first, end, shard, begins, ends;
} chunk;

/// Computes one chunk of blocks for `R` rows, whose sums are in `h` from row `at` on.
INLINE void tile(
        const product *p, held *h, const uint8_t *quants, long panel_bytes, int panel, int row, int at, chunk c,
        long ahead,
        const int R, const int P, const int nibbles, const enum scales scales, const int minimums, const int group,
        const int is_signed) {
    floats sum[INTEGER_ROWS * INTEGER_PANELS];      // a constant size, so that the compiler uses registers
    float *sums = h->sums[at];
    UNROLLED for (int i = 0; i < R * P; i++) {
        sum[i] = c.begins ? splat(0) : load(sums + 16 * i);
    }
    for (int block = c.first; block < c.end; block++) {
        add_block(p, quants, panel_bytes, panel, row, block, ahead, sum,
                R, P, nibbles, scales, minimums, group, is_signed);
    }
    if (c.ends && p->shards > 1) {
        add_shard(h->shards[at], c.shard, sum, R * P);
    }
    if (c.end < p->blocks) {
        UNROLLED for (int i = 0; i < R * P; i++) {
            store(sums + 16 * i, sum[i]);
        }
        return;
    }
    UNROLLED for (int r = 0; r < R; r++) {
        UNROLLED for (int i = 0; i < P; i++) {
            int output = 16 * (panel + i);
            int lanes = p->outputs - output < 16 ? p->outputs - output : 16;
            finish(p->out + (long)(row + r) * p->stride + output, sum[r * P + i],
                    p->bias ? p->bias + output : 0, lanes, p->accumulate);
        }
    }
}

/// How many bytes ahead a tile prefetches weights; 0 for none. With one row, the only tile prefetches. With few rows,
/// only the second tile does, as it finds its own weights in the cache.
INLINE long ahead(int at, int rows, const int nibbles) {
    return rows == 1 ? AHEAD_BYTES
         : at == INTEGER_ROWS && rows <= AHEAD_ROWS ? CHUNK_BLOCKS * (nibbles ? 256 : 512)
         : 0;
}

/// Computes all rows of `P` panels.
INLINE void rows_of_panels(
        const product *p, const uint8_t *quants, long panel_bytes, int panel, int rows,
        const int P, const int nibbles, const enum scales scales, const int minimums, const int group,
        const int is_signed) {
    held h;
#define TILE(R) tile(p, &h, quants, panel_bytes, panel, row, row - from, c, ahead(row - from, to - from, nibbles),    \
                     R, P, nibbles, scales, minimums, group, is_signed)
    int shard_blocks = p->blocks / p->shards;
    for (int from = 0; from < rows; from += HELD_ROWS) {
        int to = rows - from < HELD_ROWS ? rows : from + HELD_ROWS;
        int most = rows <= INTEGER_ROWS || rows > HELD_ROWS ? shard_blocks : CHUNK_BLOCKS;
        chunk c = {0};
        while (c.first < p->blocks) {
            int shard_end = (c.shard + 1) * shard_blocks;
            c.end = shard_end - c.first < most ? shard_end : c.first + most;
            c.begins = c.first == shard_end - shard_blocks;
            c.ends = c.end == shard_end;
            int row = from;
            for (; row + INTEGER_ROWS <= to; row += INTEGER_ROWS) {
                TILE(INTEGER_ROWS);
            }
            if (INTEGER_ROWS > 2 && to - row >= 2) {
                TILE(2);
                row += 2;
            }
            if (row < to) {
                TILE(1);
            }
            c.shard += c.ends;
            c.first = c.end;
        }
    }
#undef TILE
}

/// Computes panels `first` up to and excluding `end`.
INLINE void panels_of(
        const product *p, int first, int end, int rows,
        const int nibbles, const enum scales scales, const int minimums, const int group) {
    const int is_signed = SIGNED_DOT && !nibbles;
    long panel_bytes = (nibbles ? 256L : 512L) * p->blocks;
    int panel = first;
    for (; panel + INTEGER_PANELS <= end; panel += INTEGER_PANELS) {
        rows_of_panels(p, p->quants + panel * panel_bytes, panel_bytes, panel, rows,
                INTEGER_PANELS, nibbles, scales, minimums, group, is_signed);
    }
    for (; INTEGER_PANELS > 1 && panel < end; panel++) {
        rows_of_panels(p, p->quants + panel * panel_bytes, panel_bytes, panel, rows,
                1, nibbles, scales, minimums, group, is_signed);
    }
}

/// Defines the entry point for one storage format of blocks.
#define PROJECT(name, nibbles, scale_type, minimum, group)                                                            \
    void KERNEL(name)(                                                                                                \
            const uint8_t *quants, const void *scales, const float *minimums, int blocks, int shards, int outputs,    \
            const int8_t *bytes, const float *row_scales, const int32_t *corrections, const float *sums,              \
            int rows, float *out, int stride, const float *bias, int accumulate, int first, int end) {                \
        product p = {quants, scales, minimums, blocks, shards, outputs, stride, bytes, row_scales, corrections,       \
                     sums, out, bias, accumulate};                                                                    \
        panels_of(&p, first, end, rows, nibbles, scale_type, minimum, group);                                         \
    }

PROJECT(project_bytes, 0, HALF_SCALES, 0, 32)
PROJECT(project_nibbles, 1, HALF_SCALES, 0, 32)
PROJECT(project_bytes_wide, 0, FLOAT_SCALES, 0, 32)
PROJECT(project_bytes_above, 0, FLOAT_SCALES, 1, 32)
PROJECT(project_nibbles_above, 1, FLOAT_SCALES, 1, 32)
PROJECT(project_bytes_by_16, 0, FLOAT_SCALES, 0, 16)
PROJECT(project_bytes_above_by_16, 0, FLOAT_SCALES, 1, 16)
