// out = in * weightᵀ for weights in blocks of 32: integer dot products within a block, f32 across blocks.
//
//   out[r, o] = sum over blocks b, in order:  (scale[o, b] * scale[r, b]) * (sum over the block of q[o, k] * q[r, k])
//             + for weights with minimums:    minimum[o, b] * (scale[r, b] * sum over the block of q[r, k])
//
// (Where scales hold for 16 inputs, "block" is such a group.) The integer sum is exact; the sum over b is a chain of
// fma from zero. packed.h has the layouts of weights. A register of weights is multiplied by a broadcast of four
// activations.
//
// With many rows the kernel is bound by the int8 multipliers. With few rows it is bound by reading the weights, so it
// prefetches them. A tile of INTEGER_ROWS rows and INTEGER_PANELS panels keeps its integer and float sums in registers.
// With up to HELD_ROWS rows, all tiles process a few blocks before any tile goes on to the next blocks: the weights of
// these blocks stay in the L1 cache, while the next ones are prefetched from memory.
//
// A tile takes the codes of weights apart in registers, which costs one to four instructions for each register of
// weights. With more rows, the codes and the scales of a few blocks are taken apart once, to a buffer in the L1 cache
// that all tiles read. No bit of a result depends on this choice.

#pragma once

#include "choices.h"
#include "packed.h"
#include "shards.h"

enum { HELD_ROWS = 32 };

typedef struct {
    weights weights;
    int skipped;                 // blocks of the first record that come before the product's first input
    int blocks, shards, outputs, stride;
    const int8_t *bytes;         // [rows][32 * blocks]
    const float *row_scales;     // [rows][blocks]
    const int32_t *corrections;  // [rows][blocks * 32 / group]
    const float *sums;           // [rows][blocks * 32 / group], read where there are minimums
    float *out;                  // [rows][stride], of which `outputs` columns are written
    const float *bias;           // [panels][16] or null
    int accumulate;
} product;

/// The weights that will be read soon: for block 0 of the first panel they are at `weights`; those of later blocks
/// follow at a distance of `share` bytes, those of other panels at `distance` bytes.
typedef struct {
    const uint8_t *weights;
    long share, distance;
    int lines;          // cache lines to prefetch for each block and panel; 0 for none
} upcoming;

INLINE ints broadcast_four(const int8_t *bytes) {
    int32_t four;
    memcpy(&four, bytes, 4);
    return splat_int(four);
}

/// Adds the products of one block of inputs to the sums of `R` rows and `P` panels.
///
/// @param w the weights, whose block `at` belongs to the inputs' block `block`
INLINE void add_block(
        const product *p, const weights *w, int panel, int at, int row, int block, floats *sum,
        const int R, const int P, const form f) {
    const int groups = 32 / f.group, steps = f.group / 4, is_signed = SIGNED_DOT && f.is_signed;
    const uint8_t *record[INTEGER_PANELS];
    UNROLLED for (int i = 0; i < P; i++) {
        record[i] = record_at(w, panel + i, at, f);
    }
    UNROLLED for (int g = 0; g < groups; g++) {
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
                weight[i] = weights_at(record[i], at % f.span, step, f);
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
            scale[i] = scale_at(w, record[i], panel + i, at, g, f);
        }
        UNROLLED for (int r = 0; r < R; r++) {
            floats row_scale = splat(p->row_scales[(long)(row + r) * p->blocks + block]);
            UNROLLED for (int i = 0; i < P; i++) {
                floats *to = &sum[r * P + i];
                *to = fma_(from_ints(integer[r * P + i]), mul(scale[i], row_scale), *to);
            }
        }
        if (f.minimums) {
            UNROLLED for (int i = 0; i < P; i++) {
                floats minimum = minimum_at(w, record[i], panel + i, at, g, f);
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

/// A few blocks of weights whose codes have been taken apart.
typedef struct {
    _Alignas(64) uint8_t quants[INTEGER_PANELS][MOST_CHUNK_BLOCKS][512];
    _Alignas(64) float scales[INTEGER_PANELS][MOST_CHUNK_BLOCKS][2 * 16];
    _Alignas(64) float minimums[INTEGER_PANELS][MOST_CHUNK_BLOCKS][2 * 16];
} unpacked;

/// Some consecutive blocks of one shard.
typedef struct {
    int first, end, shard, begins, ends;
} chunk;

/// Takes the weights of one chunk of `P` panels apart.
INLINE void unpack(const product *p, unpacked *to, int panel, chunk c, const int P, const form f) {
    const int groups = 32 / f.group;
    for (int block = c.first; block < c.end; block++) {
        int at = block + p->skipped;
        for (int i = 0; i < P; i++) {
            const uint8_t *record = record_at(&p->weights, panel + i, at, f);
            UNROLLED for (int step = 0; step < 8; step++) {
                store_ints(to->quants[i][block - c.first] + 64 * step, weights_at(record, at % f.span, step, f));
            }
            // the arrays are read as [panel][block][group][16]
            float *scales = to->scales[0][0] + 16 * groups * (i * MOST_CHUNK_BLOCKS + block - c.first);
            float *minimums = to->minimums[0][0] + 16 * groups * (i * MOST_CHUNK_BLOCKS + block - c.first);
            UNROLLED for (int g = 0; g < groups; g++) {
                store(scales + 16 * g, scale_at(&p->weights, record, panel + i, at, g, f));
                if (f.minimums) {
                    store(minimums + 16 * g, minimum_at(&p->weights, record, panel + i, at, g, f));
                }
            }
        }
    }
}

/// Computes one chunk of blocks for `R` rows, whose sums are in `h` from row `at` on.
///
/// @param w     the weights, whose block `c.first + shift` is the first of the chunk
/// @param first the number that `w` has for the panel of outputs `panel`
INLINE void tile(
        const product *p, held *h, const weights *w, int first, int shift, int panel, int row, int at, chunk c,
        upcoming soon, const int R, const int P, const form f) {
    floats sum[INTEGER_ROWS * INTEGER_PANELS];      // a constant size, so that the compiler uses registers
    float *sums = h->sums[at];
    UNROLLED for (int i = 0; i < R * P; i++) {
        sum[i] = c.begins ? splat(0) : load(sums + 16 * i);
    }
    for (int block = c.first; block < c.end; block++) {
        for (int line = 0; line < soon.lines; line++) {
            UNROLLED for (int i = 0; i < P; i++) {
                fetch(soon.weights + block * soon.share + i * soon.distance + 64 * line);
            }
        }
        add_block(p, w, first, block + shift, row, block, sum, R, P, f);
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

/// Defines a function that computes one chunk of `rows` rows and `panels` panels from weights that have been taken
/// apart. All types with equal groups share one function.
#define TILE_APART(name, of_group, above, with_sign)                                                                  \
    __attribute__((noinline, unused)) static void name(                                                               \
            const product *p, held *h, const unpacked *u, int panel, int row, int at, chunk c, upcoming soon,   \
            int rows, int panels) {                                                                                   \
        const form f = {8, 0, NUMBERS, with_sign, of_group, 1, FLOAT_SCALE, above};                                   \
        weights w = {u->quants[0][0], u->scales, u->minimums, MOST_CHUNK_BLOCKS};                                     \
        switch (rows * 8 + panels) {                                                                                  \
            case INTEGER_ROWS * 8 + INTEGER_PANELS: APART(INTEGER_ROWS, INTEGER_PANELS);                              \
            OTHER_TILES                                                                                               \
            default: APART(1, 1);                                                                                     \
        }                                                                                                             \
    }
#define APART(R, P) tile(p, h, &w, 0, -c.first, panel, row, at, c, soon, R, P, f); break

/// The sizes of tiles at the edges of a product (rows * 8 + panels) that the instruction set computes faster than one
/// by one.
#if defined(__AVX512F__)
#define OTHER_TILES                                                                                                   \
            case INTEGER_ROWS * 8 + 1: APART(INTEGER_ROWS, 1);                                                        \
            case 2 * 8 + INTEGER_PANELS: APART(2, INTEGER_PANELS);                                                    \
            case 1 * 8 + INTEGER_PANELS: APART(1, INTEGER_PANELS);                                                    \
            case 2 * 8 + 1: APART(2, 1);
#elif defined(__ARM_FEATURE_DOTPROD)
#define OTHER_TILES                                                                                                   \
            case 2 * 8 + 1: APART(2, 1);
#else
#define OTHER_TILES
#endif

TILE_APART(tile_by_32, 32, 0, 0)
TILE_APART(tile_signed_by_32, 32, 0, 1)
TILE_APART(tile_above_by_32, 32, 1, 0)
TILE_APART(tile_by_16, 16, 0, 0)
TILE_APART(tile_above_by_16, 16, 1, 0)

/// What a tile prefetches: the next blocks of its panels. With one row, the only tile prefetches. With few rows, only
/// the second tile does, as it finds its own weights in the cache; if weights have been taken apart, the first tile
/// does too.
INLINE upcoming to_prefetch(const product *p, int panel, int at, int rows, const form f, const int apart) {
    const long share = block_bytes(f), distance = p->weights.records * f.span * share;
    const choices *chosen = &KERNEL(choices);
    int prefetches = apart ? at == 0 : rows <= 2 ? chosen->ahead_bytes > 0
            : at == INTEGER_ROWS && rows <= chosen->ahead_rows;
    long ahead = apart || rows > 2 ? chosen->chunk_blocks : (chosen->ahead_bytes + share - 1) / share;
    return (upcoming){p->weights.quants + panel * distance + (p->skipped + ahead) * share, share, distance,
                      prefetches ? (int)((share + 63) / 64) : 0};
}

/// Computes one chunk of `R` rows and `P` panels.
///
/// @param u the chunk's weights taken apart, or null to take them apart in registers
INLINE void tile_of(
        const product *p, held *h, const unpacked *u, int panel, int row, int at, int held_rows, chunk c,
        const int R, const int P, const form f) {
    upcoming soon = to_prefetch(p, panel, at, held_rows, f, u != 0);
    if (!u) {
        tile(p, h, &p->weights, panel, p->skipped, panel, row, at, c, soon, R, P, f);
    } else if (f.minimums) {
        (f.group == 16 ? tile_above_by_16 : tile_above_by_32)(p, h, u, panel, row, at, c, soon, R, P);
    } else if (SIGNED_DOT && f.is_signed) {
        tile_signed_by_32(p, h, u, panel, row, at, c, soon, R, P);
    } else {
        (f.group == 16 ? tile_by_16 : tile_by_32)(p, h, u, panel, row, at, c, soon, R, P);
    }
}

/// Computes all rows of `P` panels.
///
/// @param apart     whether the weights of a chunk are taken apart once for all rows
/// @param most_rows the most rows of a tile: INTEGER_ROWS, or 2 where `rows` is not more than 2
INLINE void rows_of_panels(
        const product *p, int panel, int rows, const int P, const form f, const int apart, const int most_rows) {
    held h;
    unpacked buffer, *u = apart ? &buffer : 0;
    int shard_blocks = p->blocks / p->shards;
    for (int from = 0; from < rows; from += HELD_ROWS) {
        int to = rows - from < HELD_ROWS ? rows : from + HELD_ROWS;
        int most = !apart && (rows <= INTEGER_ROWS || rows > HELD_ROWS)
                ? shard_blocks : KERNEL(choices).chunk_blocks;
        chunk c = {0};
        while (c.first < p->blocks) {
            int shard_end = (c.shard + 1) * shard_blocks;
            c.end = shard_end - c.first < most ? shard_end : c.first + most;
            c.begins = c.first == shard_end - shard_blocks;
            c.ends = c.end == shard_end;
            if (apart) {
                unpack(p, u, panel, c, P, f);
            }
            int row = from;
            for (; most_rows == INTEGER_ROWS && row + INTEGER_ROWS <= to; row += INTEGER_ROWS) {
                tile_of(p, &h, u, panel, row, row - from, to - from, c, INTEGER_ROWS, P, f);
            }
            if ((INTEGER_ROWS > 2 || most_rows == 2) && to - row >= 2) {
                tile_of(p, &h, u, panel, row, row - from, to - from, c, 2, P, f);
                row += 2;
            }
            if (row < to) {
                tile_of(p, &h, u, panel, row, row - from, to - from, c, 1, P, f);
            }
            c.shard += c.ends;
            c.first = c.end;
        }
    }
}

INLINE void panels_of(
        const product *p, int first, int end, int rows, const form f, const int apart, const int most_rows) {
    int panel = first;
    for (; panel + INTEGER_PANELS <= end; panel += INTEGER_PANELS) {
        rows_of_panels(p, panel, rows, INTEGER_PANELS, f, apart, most_rows);
    }
    for (; INTEGER_PANELS > 1 && panel < end; panel++) {
        rows_of_panels(p, panel, rows, 1, f, apart, most_rows);
    }
}

/// Computes panels `first` up to and excluding `end`. Codes in two planes cost the most to take apart, so their weights
/// are taken apart to the buffer from three rows on, others from INTEGER_ROWS + 1 rows on, and plain nibbles never.
INLINE void project(const product *p, int first, int end, int rows, const form f) {
    const int is_plain = f.table == NUMBERS && f.scale == HALF_SCALE && !f.minimums;
    const int in_registers = f.high ? 2 : INTEGER_ROWS;
    if (f.low == 8 || (is_plain && !f.high)) {
        panels_of(p, first, end, rows, f, 0, INTEGER_ROWS);
    } else if (rows <= in_registers) {
        panels_of(p, first, end, rows, f, 0, in_registers);
    } else {
        panels_of(p, first, end, rows, f, 1, INTEGER_ROWS);
    }
}

/// Defines the entry point for one layout of weights. The parameters after its name are the fields of `form`.
#define PROJECT(name, ...)                                                                                            \
    void KERNEL(name)(                                                                                                \
            const uint8_t *quants, const void *scales, const void *minimums, int skipped, int blocks, int shards,     \
            int outputs, const int8_t *bytes, const float *row_scales, const int32_t *corrections, const float *sums, \
            int rows, float *out, int stride, const float *bias, int accumulate, int first, int end) {                \
        const form f = {__VA_ARGS__};                                                                                 \
        product p = {{quants, scales, minimums, (skipped + blocks + f.span - 1) / f.span}, skipped, blocks, shards,   \
                     outputs, stride, bytes, row_scales, corrections, sums, out, bias, accumulate};                   \
        project(&p, first, end, rows, f);                                                                             \
    }
