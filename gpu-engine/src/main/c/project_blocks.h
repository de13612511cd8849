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
// A tile of WIDE_ROWS rows keeps its float sums in the L1 cache; it takes codes apart half as often. With up to
// HELD_ROWS rows, all tiles process a few blocks before any tile goes on to the next blocks: the weights of these
// blocks stay in the L1 cache, while the next ones are prefetched from memory.
//
// A tile takes the codes of weights apart in registers, which costs one to four instructions for each register of
// weights. With more rows, the codes and the scales of a few blocks are taken apart once, to a buffer in the L1 cache
// that all tiles read. No bit of a result depends on this choice.

#pragma once

#include "choices.h"
#include "packed.h"
#include "shards.h"

enum { FEW_ROWS = 16, HELD_ROWS = 32 };

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
/// follow at a distance of `share` bytes, those of other panels at `distance` bytes. From block `last` on they are the
/// first blocks of the panels that are computed next, `jump` bytes further on.
typedef struct {
    const uint8_t *weights;
    long share, distance, jump;
    int last;
    int lines;          // cache lines that this tile prefetches for each block and panel; 0 for none
} upcoming;

INLINE ints broadcast_four(const int8_t *bytes) {
    int32_t four;
    memcpy(&four, bytes, 4);
    return splat_int(four);
}

#if defined(HAS_PAIRS)
enum { ADDS_PAIRS = 1 };

/// Computes the integer products of one group of inputs. Products are added in 16 bits, and these sums to
/// the integer sums as seldom as their range allows: `most` steps of the greatest weights and activations fit.
INLINE void multiply(
        const product *p, const uint8_t *const *record, int within, int row, int block, ints *integer,
        const int group, const int R, const int P, const form f) {
    const int groups = 32 / f.group, steps = f.group / 4;
    const int safe = f.is_signed ? 1 : 32767 / (2 * 127 * f.greatest), most = safe < steps ? safe : steps;
    UNROLLED for (int r = 0; r < R; r++) {
        int32_t correction = p->corrections[(long)(row + r) * p->blocks * groups + block * groups + group];
        UNROLLED for (int i = 0; i < P; i++) {
            // types with minimums have no offset
            integer[r * P + i] = splat_int(f.is_signed || f.minimums ? 0 : correction);
        }
    }
    ints pairs[WIDE_ROWS * INTEGER_PANELS];
    UNROLLED for (int step = 0; step < steps; step++) {
        ints weight[INTEGER_PANELS];
        UNROLLED for (int i = 0; i < P; i++) {
            weight[i] = weights_at(record[i], within, group * steps + step, f);
        }
        UNROLLED for (int r = 0; r < R; r++) {
            long at = (long)(row + r) * 32 * p->blocks + 32 * block + 4 * (group * steps + step);
            ints four = broadcast_four(p->bytes + at);
            UNROLLED for (int i = 0; i < P; i++) {
                ints two = f.is_signed ? signed_pairs(weight[i], four) : pairs_of(weight[i], four);
                pairs[r * P + i] = step % most ? add_pairs(pairs[r * P + i], two) : two;
                if (step % most == most - 1 || step == steps - 1) {
                    integer[r * P + i] = with_pairs(integer[r * P + i], pairs[r * P + i]);
                }
            }
        }
    }
}
#else
enum { ADDS_PAIRS = 0 };

/// The order in which a group's steps are computed. In a tile of several panels, those that lie in one register of a
/// nibble plane come after each other. Otherwise the compiler would keep the whole planes in registers.
INLINE int step_of(const int group, const int turn, const form f) {
    return f.low == 4 && f.group == 32 && INTEGER_PANELS > 1 ? turn % 2 * 4 + turn / 2 : group * (f.group / 4) + turn;
}

/// Computes the integer products of one group of inputs.
INLINE void multiply(
        const product *p, const uint8_t *const *record, int within, int row, int block, ints *integer,
        const int group, const int R, const int P, const form f) {
    const int groups = 32 / f.group, is_signed = SIGNED_DOT && f.is_signed;
    UNROLLED for (int r = 0; r < R; r++) {
        int32_t correction = p->corrections[(long)(row + r) * p->blocks * groups + block * groups + group];
        UNROLLED for (int i = 0; i < P; i++) {
            integer[r * P + i] = splat_int(is_signed ? 0 : correction);
        }
    }
    UNROLLED for (int turn = 0; turn < f.group / 4; turn++) {
        const int step = step_of(group, turn, f);
        ints weight[INTEGER_PANELS];
        UNROLLED for (int i = 0; i < P; i++) {
            weight[i] = weights_at(record[i], within, step, f);
        }
        UNROLLED for (int r = 0; r < R; r++) {
            ints four = broadcast_four(p->bytes + (long)(row + r) * 32 * p->blocks + 32 * block + 4 * step);
            UNROLLED for (int i = 0; i < P; i++) {
                integer[r * P + i] = is_signed ? dot_signed(integer[r * P + i], weight[i], four)
                                               : dot(integer[r * P + i], weight[i], four);
            }
        }
    }
}
#endif

/// Adds the products of one block of inputs to the sums of `R` rows and `P` panels.
///
/// @param w    the weights, whose block `at` belongs to the inputs' block `block`
/// @param wide [P][2][16], the widened scales of the panels' records
/// @param sum  the sums; those of a tile of WIDE_ROWS rows are in `held` instead
INLINE void add_block(
        const product *p, const weights *w, const float *wide, int panel, int at, int row, int block, floats *sum,
        float *held, const int R, const int P, const form f) {
    const int groups = 32 / f.group, in_memory = R > INTEGER_ROWS;
    const uint8_t *record[INTEGER_PANELS];
    UNROLLED for (int i = 0; i < P; i++) {
        record[i] = record_at(w, panel + i, at, f);
    }
    UNROLLED for (int g = 0; g < groups; g++) {
        ints integer[WIDE_ROWS * INTEGER_PANELS];
        multiply(p, record, at % f.span, row, block, integer, g, R, P, f);
        floats scale[INTEGER_PANELS], minimum[INTEGER_PANELS];
        UNROLLED for (int i = 0; i < P; i++) {
            scale[i] = scale_at(w, wide + 32 * i, record[i], panel + i, at, g, f);
            minimum[i] = f.minimums ? minimum_at(w, wide + 32 * i, record[i], panel + i, at, g, f) : splat(0);
        }
        UNROLLED for (int r = 0; r < R; r++) {
            floats row_scale = splat(p->row_scales[(long)(row + r) * p->blocks + block]);
            UNROLLED for (int i = 0; i < P; i++) {
                floats to = in_memory ? load(held + 16 * (r * P + i)) : sum[r * P + i];
                to = fma_(from_ints(integer[r * P + i]), mul(scale[i], row_scale), to);
                if (f.minimums) {
                    long group = (long)(row + r) * p->blocks * groups + block * groups + g;
                    to = fma_(minimum[i], splat(p->sums[group]), to);
                }
                if (in_memory) {
                    store(held + 16 * (r * P + i), to);
                } else {
                    sum[r * P + i] = to;
                }
            }
        }
        if (in_memory) {
            leave_in_memory(held);
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
    for (int i = 0; i < P; i++) {
        _Alignas(64) float wide[2 * 16];
        widen_scales(&p->weights, wide, panel + i, c.first + p->skipped, f);
        for (int block = c.first; block < c.end; block++) {
            int at = block + p->skipped;
            if (at % f.span == 0) {
                widen_scales(&p->weights, wide, panel + i, at, f);
            }
            const uint8_t *record = record_at(&p->weights, panel + i, at, f);
            UNROLLED for (int step = 0; step < 8; step++) {
                store_ints(to->quants[i][block - c.first] + 64 * step, weights_at(record, at % f.span, step, f));
            }
            // the arrays are read as [panel][block][group][16]
            float *scales = to->scales[0][0] + 16 * groups * (i * MOST_CHUNK_BLOCKS + block - c.first);
            float *minimums = to->minimums[0][0] + 16 * groups * (i * MOST_CHUNK_BLOCKS + block - c.first);
            UNROLLED for (int g = 0; g < groups; g++) {
                store(scales + 16 * g, scale_at(&p->weights, wide, record, panel + i, at, g, f));
                if (f.minimums) {
                    store(minimums + 16 * g, minimum_at(&p->weights, wide, record, panel + i, at, g, f));
                }
            }
        }
    }
}

/// Adds the products of one chunk of blocks to the sums of `R` rows and `P` panels. The parameters are those of
/// `add_block` and `tile`.
INLINE void add_chunk(
        const product *p, const weights *w, int first, int shift, int row, chunk c, upcoming soon, floats *sum,
        float *held, const int R, const int P, const form f) {
    _Alignas(64) float wide[INTEGER_PANELS * 2 * 16];
    UNROLLED for (int i = 0; i < P; i++) {
        widen_scales(w, wide + 32 * i, first + i, c.first + shift, f);
    }
    const uint8_t *fetched = soon.weights + c.first * soon.share + (c.first > soon.last ? soon.jump : 0);
    for (int block = c.first; block < c.end; block++, fetched += soon.share) {
        fetched += block == soon.last ? soon.jump : 0;
        for (int line = 0; line < soon.lines; line++) {
            UNROLLED for (int i = 0; i < P; i++) {
                fetch(fetched + i * soon.distance + 64 * line);
            }
        }
        if ((block + shift) % f.span == 0) {
            UNROLLED for (int i = 0; i < P; i++) {
                widen_scales(w, wide + 32 * i, first + i, block + shift, f);
            }
        }
        add_block(p, w, wide, first, block + shift, row, block, sum, held, R, P, f);
    }
}

/// Computes one chunk of blocks for `R` rows, whose sums are in `h` from row `at` on.
///
/// @param w     the weights, whose block `c.first + shift` is the first of the chunk
/// @param first the number that `w` has for the panel of outputs `panel`
INLINE void tile(
        const product *p, held *h, const weights *w, int first, int shift, int panel, int row, int at, chunk c,
        upcoming soon, const int R, const int P, const form f) {
    floats sum[WIDE_ROWS * INTEGER_PANELS];      // a constant size, so that the compiler uses registers
    float *sums = h->sums[at];
    UNROLLED for (int i = 0; i < R * P; i++) {
        sum[i] = c.begins ? splat(0) : load(sums + 16 * i);
    }
    if (R > INTEGER_ROWS && c.begins) {
        UNROLLED for (int i = 0; i < R * P; i++) {
            store(sums + 16 * i, splat(0));
        }
    }
    add_chunk(p, w, first, shift, row, c, soon, sum, sums, R, P, f);
    if (R > INTEGER_ROWS) {
        if (!c.ends) {
            return;
        }
        UNROLLED for (int i = 0; i < R * P; i++) {
            sum[i] = load(sums + 16 * i);
        }
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
/// apart. All types with equal groups share one function; where products are added in 16 bits, those whose weights
/// are at most `greatest`.
#define TILE_APART(name, of_group, above, greatest, with_sign)                                                        \
    __attribute__((noinline, unused)) static void name(                                                               \
            const product *p, held *h, const unpacked *u, int panel, int row, int at, chunk c, upcoming soon,   \
            int rows, int panels) {                                                                                   \
        const form f = {8, 0, NUMBERS, greatest, with_sign, of_group, 1, FLOAT_SCALE, above};                         \
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
enum { HAS_THREE_ROWS = 1 };
#define OTHER_TILES                                                                                                   \
            case WIDE_ROWS * 8 + INTEGER_PANELS: APART(WIDE_ROWS, INTEGER_PANELS);                                    \
            case INTEGER_ROWS * 8 + 1: APART(INTEGER_ROWS, 1);                                                        \
            case 3 * 8 + INTEGER_PANELS: APART(3, INTEGER_PANELS);                                                    \
            case 2 * 8 + INTEGER_PANELS: APART(2, INTEGER_PANELS);                                                    \
            case 1 * 8 + INTEGER_PANELS: APART(1, INTEGER_PANELS);                                                    \
            case 2 * 8 + 1: APART(2, 1);
#elif defined(__ARM_FEATURE_DOTPROD)
enum { HAS_THREE_ROWS = 0 };
#define OTHER_TILES                                                                                                   \
            case 2 * 8 + 1: APART(2, 1);
#elif defined(__AVX2__)
enum { HAS_THREE_ROWS = 0 };
#define OTHER_TILES                                                                                                   \
            case WIDE_ROWS * 8 + 1: APART(WIDE_ROWS, 1);
#else
enum { HAS_THREE_ROWS = 0 };
#define OTHER_TILES
#endif

TILE_APART(tile_by_32, 32, 0, 15, 0)
TILE_APART(tile_31_by_32, 32, 0, 31, 0)
TILE_APART(tile_signed_by_32, 32, 0, 255, 1)
TILE_APART(tile_above_by_32, 32, 1, 15, 0)
TILE_APART(tile_31_above_by_32, 32, 1, 31, 0)
TILE_APART(tile_by_16, 16, 0, 15, 0)
TILE_APART(tile_63_by_16, 16, 0, 63, 0)
TILE_APART(tile_above_by_16, 16, 1, 15, 0)

/// The place of a tile among those that share the weights of a chunk.
typedef struct {
    int panel, end;     // the tile's first panel, and the end of the panels that are computed
    int at, rows;       // the tile's first row among the rows
    int leading;        // rows of the first tile if it does not prefetch, else 0
    int ahead;          // how many blocks ahead weights are prefetched, from three rows on
} position;

/// What a tile of `R` rows prefetches: a part of the blocks that follow at some distance, of which a tile with more
/// rows has more. All tiles of a chunk share this work, so that it takes place while they compute. Where the first of
/// several tiles reads the weights from memory itself, only the others prefetch. Planes and factors of a super-block
/// lie apart; so the next super-block is prefetched, whichever part of the present one is computed.
INLINE upcoming to_prefetch(const product *p, position t, const int R, const int P, const form f) {
    const long share = block_bytes(f), distance = p->weights.records * f.span * share;
    const int lines = (int)((share + 63) / 64);
    const choices *chosen = &KERNEL(choices);
    int prefetches = t.rows <= 2 ? chosen->ahead_bytes > 0 : t.rows <= chosen->ahead_rows;
    if (!prefetches || t.at < t.leading) {
        return (upcoming){0};
    }
    int shared = t.rows - t.leading, before = t.at - t.leading;
    int first = lines * before / shared, end = lines * (before + R) / shared;
    long ahead = f.span > 1 ? f.span : t.rows > 2 ? t.ahead : (chosen->ahead_bytes + share - 1) / share;
    return (upcoming){p->weights.quants + t.panel * distance + (p->skipped + ahead) * share + 64L * first, share,
                      distance, t.panel + P < t.end ? (P - 1) * distance : 0,
                      (int)(p->weights.records * f.span - p->skipped - ahead), end - first};
}

/// Computes one chunk of `R` rows and `P` panels.
///
/// @param u the chunk's weights taken apart, or null to take them apart in registers
INLINE void tile_of(
        const product *p, held *h, const unpacked *u, position t, int row, chunk c, const int R, const int P,
        const form f) {
    upcoming soon = to_prefetch(p, t, R, P, f);
    int panel = t.panel, at = t.at;
    const int is_small = !ADDS_PAIRS || f.greatest <= 15;
    if (!u) {
        tile(p, h, &p->weights, panel, p->skipped, panel, row, at, c, soon, R, P, f);
    } else if (f.minimums) {
        (f.group == 16 ? tile_above_by_16 : is_small ? tile_above_by_32 : tile_31_above_by_32)(
                p, h, u, panel, row, at, c, soon, R, P);
    } else if (SIGNED_DOT && f.is_signed) {
        tile_signed_by_32(p, h, u, panel, row, at, c, soon, R, P);
    } else if (f.group == 16) {
        (is_small ? tile_by_16 : tile_63_by_16)(p, h, u, panel, row, at, c, soon, R, P);
    } else {
        (is_small ? tile_by_32 : tile_31_by_32)(p, h, u, panel, row, at, c, soon, R, P);
    }
}

/// The most blocks that all tiles process before any goes on. They are twice as many for more than FEW_ROWS rows of
/// weights that are taken apart, because a tile takes a few cycles to begin and to end. (Bytes of so many blocks would
/// not fit into the L1 cache together with the next ones.)
INLINE int most_blocks(const product *p, int rows, int apart) {
    if (!apart && (rows <= INTEGER_ROWS || rows > HELD_ROWS)) {
        return p->blocks / p->shards;
    }
    int chosen = KERNEL(choices).chunk_blocks;
    return apart && rows > FEW_ROWS && 2 * chosen <= MOST_CHUNK_BLOCKS ? 2 * chosen : chosen;
}

/// Computes all rows of `P` panels.
///
/// @param end     the end of the panels that are computed after these
/// @param apart    whether the weights of a chunk are taken apart once for all rows
/// @param has_wide whether the type has tiles of WIDE_ROWS rows
/// @param is_wide  whether they are used where there are enough rows
INLINE void rows_of_panels(
        const product *p, int panel, int end, int rows, const int P, const form f, const int apart,
        const int has_wide, int is_wide) {
    held h;
    unpacked buffer, *u = apart ? &buffer : 0;
    int shard_blocks = p->blocks / p->shards, most = most_blocks(p, rows, apart);
    for (int from = 0; from < rows; from += HELD_ROWS) {
        int count = rows - from < HELD_ROWS ? rows - from : HELD_ROWS;
        int wide = is_wide && P == INTEGER_PANELS && count >= WIDE_ROWS ? WIDE_ROWS : INTEGER_ROWS;
        int ahead = most <= MOST_CHUNK_BLOCKS ? most : KERNEL(choices).chunk_blocks;
        position t = {panel, end, 0, count, apart || count <= wide ? 0 : wide, ahead};
        chunk c = {0};
        while (c.first < p->blocks) {
            int shard_end = (c.shard + 1) * shard_blocks;
            c.end = shard_end - c.first < most ? shard_end : c.first + most;
            c.begins = c.first == shard_end - shard_blocks;
            c.ends = c.end == shard_end;
            if (apart) {
                unpack(p, u, panel, c, P, f);
            }
            t.at = 0;
            for (; has_wide && is_wide && P == INTEGER_PANELS && t.at + WIDE_ROWS <= count; t.at += WIDE_ROWS) {
                tile_of(p, &h, u, t, from + t.at, c, WIDE_ROWS, P, f);
            }
            for (; t.at + INTEGER_ROWS <= count; t.at += INTEGER_ROWS) {
                tile_of(p, &h, u, t, from + t.at, c, INTEGER_ROWS, P, f);
            }
            if (HAS_THREE_ROWS && P == INTEGER_PANELS && count - t.at == 3) {
                tile_of(p, &h, u, t, from + t.at, c, 3, P, f);
                t.at += 3;
            }
            if (INTEGER_ROWS > 2 && count - t.at >= 2) {
                tile_of(p, &h, u, t, from + t.at, c, 2, P, f);
                t.at += 2;
            }
            if (t.at < count) {
                tile_of(p, &h, u, t, from + t.at, c, 1, P, f);
            }
            c.shard += c.ends;
            c.first = c.end;
        }
    }
}

INLINE void panels_of(
        const product *p, int first, int end, int rows, const form f, const int apart, const int has_wide,
        int is_wide) {
    int panel = first;
    for (; panel + INTEGER_PANELS <= end; panel += INTEGER_PANELS) {
        rows_of_panels(p, panel, end, rows, INTEGER_PANELS, f, apart, has_wide, is_wide);
    }
    for (; INTEGER_PANELS > 1 && panel < end; panel++) {
        rows_of_panels(p, panel, end, rows, 1, f, apart, has_wide, is_wide);
    }
}

/// Computes panels `first` up to and excluding `end`. Bytes are never taken apart to the buffer. Plain nibbles are with
/// more than FEW_ROWS rows; where products are added in 16 bits, so are those with minimums. Other types are unless one
/// tile has all rows. Wide tiles need registers for integer sums only, which pays where products are added in 16 bits.
/// Elsewhere they do not pay where scales hold for 16 inputs, because sums would be read and written twice as often.
///
/// Where small tiles were measured as faster than wide ones, types with wide tiles have small ones and are never taken
/// apart to the buffer: such a processor takes codes apart beside its products.
INLINE void project(const product *p, int first, int end, int rows, const form f) {
    const int has_wide = WIDE_ROWS > INTEGER_ROWS && (ADDS_PAIRS || f.group == 32);
    const int is_plain = f.table == NUMBERS && f.scale == HALF_SCALE && (ADDS_PAIRS || !f.minimums);
    const int may_be_small = has_wide && !ADDS_PAIRS;
    int is_small = may_be_small && KERNEL(choices).small_tiles;
    if (f.low == 8 || (is_plain && !f.high && rows <= FEW_ROWS)) {
        panels_of(p, first, end, rows, f, 0, has_wide,
                  !is_small && rows >= WIDE_ROWS + (f.low == 8 && !ADDS_PAIRS));
    } else if (rows <= INTEGER_ROWS || (has_wide && rows == WIDE_ROWS) || is_small) {
        panels_of(p, first, end, rows, f, 0, has_wide, !is_small);
    } else {
        panels_of(p, first, end, rows, f, 1, has_wide, 1);
    }
}

/// Defines the entry point for one layout of weights.
#define PROJECT(name, layout)                                                                                         \
    void KERNEL(name)(                                                                                                \
            const uint8_t *quants, const void *scales, const void *minimums, int skipped, int blocks, int shards,     \
            int outputs, const int8_t *bytes, const float *row_scales, const int32_t *corrections, const float *sums, \
            int rows, float *out, int stride, const float *bias, int accumulate, int first, int end) {                \
        const form f = layout;                                                                                        \
        product p = {{quants, scales, minimums, (skipped + blocks + f.span - 1) / f.span}, skipped, blocks, shards,   \
                     outputs, stride, bytes, row_scales, corrections, sums, out, bias, accumulate};                   \
        project(&p, first, end, rows, f);                                                                             \
    }
