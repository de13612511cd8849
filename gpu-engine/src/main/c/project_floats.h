// out = in * weightᵀ for weights in f32, f16 or bf16: the tiles.
//
//   out[r, o] = sum over chunks of 256 inputs, in order:  (chain over the chunk, from zero)
//
// The chain of weights in f32 and f16 is one of fma with f32 activations, in the order of the inputs. The chain of
// weights in bf16 is in project_bf16.c.
//
// The sum over chunks keeps the rounding error of long sums small. Weights lie in panels of sixteen outputs:
//
//   panel ─► k0 [o0 .. o15], k1 [o0 .. o15], ...
//
// With many rows the kernel is bound by fma. With few rows it is bound by reading the weights; the panels lie too
// far apart for the hardware to prefetch several of them, so the kernel prefetches. The sums of a tile of FLOAT_ROWS
// rows and FLOAT_PANELS panels are kept in registers. Every sum is a chain of fma, so a tile of few rows takes more
// panels, where registers are narrow: otherwise it would wait for the results of its fma.
//
// Widening a register of f16 takes two operations, of bf16 one, beside an fma for each row. With many rows, a part of
// the inputs is therefore widened once, to a buffer in the L1 cache that the tiles of all rows read, and the tiles
// prefetch the next part. On processors with few registers (FEW_REGISTERS) widening in registers is faster, so they
// have no such buffer. No bit of a result depends on this.

#pragma once

#include "shards.h"

enum { CHUNK = 256 };
#if defined(HAS_BF16_DOT)
enum { AHEAD_BYTES = 2048 };        // such processors compute twice as much while they wait for memory
#else
enum { AHEAD_BYTES = 1024 };
#endif
enum { PART = 64, HELD_ROWS = 64, LEAST_ROWS_WIDENED = 2 * FLOAT_ROWS, STORED_BYTES = sizeof(uint16_t) };
enum { MOST_SUMS = FLOAT_ROWS * FLOAT_PANELS };
enum { MOST_PANELS = FEW_REGISTERS ? 4 : FLOAT_PANELS };
/// The most panels of a tile of `rows` rows.
#define PANELS_BESIDE(rows) (MOST_SUMS / (rows) < (int)MOST_PANELS ? MOST_SUMS / (rows) : (int)MOST_PANELS)

/// How weights are stored, and how they are multiplied: f32; f16; words of two bf16 numbers, which are widened; and
/// such words as they are, multiplied by words of two activations (where HAS_BF16_DOT).
enum floats_as { SINGLE, HALF, BF16, BF16_WORDS };

typedef struct {
    const void *weights;    // [panels][inputs][16], or [panels][inputs / 2][16] words of two
    int inputs, shards, outputs, stride;    // inputs: words of two for BF16_WORDS
    const float *in;        // [rows][inputs]
    float *out;             // [rows][stride], of which `outputs` columns are written
    const float *bias;      // [panels][16] or null
    int accumulate;
} product;

/// How many consecutive inputs lie in one word.
#define INPUTS_OF_A_WORD(type) ((type) == BF16 ? 2 : 1)
/// The inputs that are summed from zero.
#define CHUNK_OF(type) ((type) == BF16_WORDS ? CHUNK / 2 : CHUNK)
#define BYTES_OF(type) ((type) == HALF || (type) == BF16 ? (int)STORED_BYTES : 4)

/// Loads the weights of a panel with input `k + within`, where a word begins with input `k`.
INLINE floats load_weight(const product *p, int panel, int k, const int within, const enum floats_as type) {
    long at = ((long)panel * p->inputs + k) * 16;
    if (type == BF16) {
        ints words = load_ints((const uint16_t *)p->weights + at);
        return within ? lower_bf16(words) : upper_bf16(words);
    }
    return type == HALF ? load_half((const uint16_t *)p->weights + at) : load((const float *)p->weights + at);
}

/// Adds the products of weights with one activation.
INLINE floats with_product(floats sum, floats weight, floats x, const enum floats_as type) {
#if defined(HAS_BF16_DOT)
    if (type == BF16_WORDS) {
        return bf16_dot(sum, weight, x);
    }
#endif
    (void)type;
    return fma_(weight, x, sum);
}

/// Writes the outputs of `R` rows and `P` panels.
INLINE void finish_tile(const product *p, int panel, int row, const floats *sum, const int R, const int P) {
    UNROLLED for (int r = 0; r < R; r++) {
        UNROLLED for (int i = 0; i < P; i++) {
            int first = 16 * (panel + i);
            int lanes = p->outputs - first < 16 ? p->outputs - first : 16;
            finish(p->out + (long)(row + r) * p->stride + first, sum[r * P + i],
                    p->bias ? p->bias + first : 0, lanes, p->accumulate);
        }
    }
}

/// Loads the weights of a panel with one input, and prefetches.
INLINE floats fetch_weight(const product *p, int panel, int k, const int within, const enum floats_as type) {
    long at = ((long)panel * p->inputs + k + within) * 16;
    fetch((const char *)p->weights + at * BYTES_OF(type) + AHEAD_BYTES);
    return load_weight(p, panel, k, within, type);
}

/// Adds the products with input `k + within` to the sums of a tile.
INLINE void add_input(const product *p, floats *sum, int panel, int row, int k, const int within, const int R,
        const int P, const enum floats_as type) {
    const float *in = p->in + (long)row * p->inputs + k + within;
    if (FEW_REGISTERS && R < P + 2) {       // registers hold the inputs, or one weight and one input
        UNROLLED for (int i = 0; i < P; i++) {
            floats weight = fetch_weight(p, panel + i, k, within, type);
            if (R > 2) {
                leave_in_memory(p->out);
            }
            UNROLLED for (int r = 0; r < R; r++) {
                floats x = splat(in[(long)r * p->inputs]);
                sum[r * P + i] = with_product(sum[r * P + i], weight, x, type);
            }
        }
        return;
    }
    floats weight[MOST_PANELS];
    UNROLLED for (int i = 0; i < P; i++) {
        weight[i] = fetch_weight(p, panel + i, k, within, type);
    }
    UNROLLED for (int r = 0; r < R; r++) {
        floats x = splat(in[(long)r * p->inputs]);
        UNROLLED for (int i = 0; i < P; i++) {
            sum[r * P + i] = with_product(sum[r * P + i], weight[i], x, type);
        }
    }
}

INLINE void tile(
        const product *p, int panel, int row, const int R, const int P, const enum floats_as type) {
    floats total[MOST_SUMS];
    float stack[MOST_SHARD_LEVELS * MOST_SUMS * 16];
    int shard_inputs = p->inputs / p->shards;
    int shard = 0;
    do {
        UNROLLED for (int i = 0; i < R * P; i++) {
            total[i] = splat(0);
        }
        int end = (shard + 1) * shard_inputs;
        for (int chunk = shard * shard_inputs; chunk < end; chunk += CHUNK_OF(type)) {
            int chunk_end = chunk + CHUNK_OF(type) < end ? chunk + CHUNK_OF(type) : end;
            floats sum[MOST_SUMS];      // a constant size, so that the compiler uses registers
            UNROLLED for (int i = 0; i < R * P; i++) {
                sum[i] = splat(0);
            }
            for (int k = chunk; k < chunk_end; k += INPUTS_OF_A_WORD(type)) {
                add_input(p, sum, panel, row, k, 0, R, P, type);
                if (INPUTS_OF_A_WORD(type) == 2) {
                    add_input(p, sum, panel, row, k, 1, R, P, type);
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
    finish_tile(p, panel, row, total, R, P);
}

/// The sums of some rows' tiles, kept while other tiles are computed.
typedef struct {
    _Alignas(64) float sums[HELD_ROWS][FLOAT_PANELS * 16];      // of the present chunk
    _Alignas(64) float totals[HELD_ROWS][FLOAT_PANELS * 16];    // of the present shard
    _Alignas(64) float shards[HELD_ROWS][MOST_SHARD_LEVELS * FLOAT_PANELS * 16];
} held;

/// Weights of one part of the inputs, widened to f32.
typedef struct {
    _Alignas(64) float weights[FLOAT_PANELS][PART][16];
} widened;

/// Some consecutive inputs of one chunk of one shard.
typedef struct {
    int first, end, shard;
    int begins, ends;                   // whether they are the first, and the last, of the chunk
    int begins_shard, ends_shard;       // whether the chunk is the first, and the last, of the shard
    const char *soon;                   // the first panel's weights of the next part
} part;

/// Widens the weights of one part of `P` panels.
INLINE void widen(const product *p, widened *to, int panel, part t, const int P, const enum floats_as type) {
    for (int i = 0; i < P; i++) {
        for (int k = t.first; k < t.end; k += INPUTS_OF_A_WORD(type)) {
            store(to->weights[i][k - t.first], load_weight(p, panel + i, k, 0, type));
            if (INPUTS_OF_A_WORD(type) == 2) {
                store(to->weights[i][k + 1 - t.first], load_weight(p, panel + i, k, 1, type));
            }
        }
    }
}

/// Adds the products of one part of the inputs to the sums of `R` rows and `P` panels, which are in `h` from row `at`
/// on. The first two tiles prefetch half of the next part each.
INLINE void part_tile(
        const product *p, held *h, const widened *w, int panel, int row, int at, part t, const int R, const int P) {
    floats sum[FLOAT_ROWS * FLOAT_PANELS];
    float *sums = h->sums[at], *totals = h->totals[at];
    UNROLLED for (int i = 0; i < R * P; i++) {
        sum[i] = t.begins ? splat(0) : load(sums + 16 * i);
    }
    const float *in = p->in + (long)row * p->inputs + t.first;
    const char *soon = t.soon + at / FLOAT_ROWS * (PART / 2) * 16 * STORED_BYTES;
    for (int k = 0; k < t.end - t.first; k++) {
        floats weight[FLOAT_PANELS];
        UNROLLED for (int i = 0; i < P; i++) {
            if (at < 2 * FLOAT_ROWS && k % 4 == 0) {
                fetch(soon + (long)i * p->inputs * 16 * STORED_BYTES + 16 * k);
            }
            weight[i] = load(w->weights[i][k]);
        }
        UNROLLED for (int r = 0; r < R; r++) {
            floats x = splat(in[(long)r * p->inputs + k]);
            UNROLLED for (int i = 0; i < P; i++) {
                sum[r * P + i] = fma_(weight[i], x, sum[r * P + i]);
            }
        }
    }
    float *kept = sums;
    if (t.ends) {
        kept = totals;
        UNROLLED for (int i = 0; i < R * P; i++) {
            sum[i] = add(t.begins_shard ? splat(0) : load(totals + 16 * i), sum[i]);
        }
        if (t.ends_shard && p->shards > 1) {
            add_shard(h->shards[at], t.shard, sum, R * P);
        }
    }
    if (t.end == p->inputs) {
        finish_tile(p, panel, row, sum, R, P);
        return;
    }
    UNROLLED for (int i = 0; i < R * P; i++) {
        store(kept + 16 * i, sum[i]);
    }
}

/// Defines a function that computes one part of up to FLOAT_ROWS rows of `P` panels.
#define PART_OF(name, P)                                                                                              \
    __attribute__((noinline, unused)) static void name(                                                               \
            const product *p, held *h, const widened *w, int panel, int row, int at, part t, int rows) {              \
        switch (rows) {                                                                                               \
            MORE_ROWS(P)                                                                                              \
            case 3: part_tile(p, h, w, panel, row, at, t, 3, P); break;                                               \
            case 2: part_tile(p, h, w, panel, row, at, t, 2, P); break;                                               \
            case 1: part_tile(p, h, w, panel, row, at, t, 1, P); break;                                               \
            default: part_tile(p, h, w, panel, row, at, t, FLOAT_ROWS, P); break;                                     \
        }                                                                                                             \
    }
#if defined(__AVX512F__)
#define MORE_ROWS(P)                                                                                                  \
            case 7: part_tile(p, h, w, panel, row, at, t, 7, P); break;                                               \
            case 6: part_tile(p, h, w, panel, row, at, t, 6, P); break;                                               \
            case 5: part_tile(p, h, w, panel, row, at, t, 5, P); break;                                               \
            case 4: part_tile(p, h, w, panel, row, at, t, 4, P); break;
#else
#define MORE_ROWS(P)
#endif

PART_OF(part_of_one, 1)
#if defined(__AVX512F__)
PART_OF(part_of_two, 2)
PART_OF(part_of_three, 3)
#endif

/// Finds the part that begins at `t->first`.
INLINE void bound(const product *p, part *t, int panel) {
    int shard_inputs = p->inputs / p->shards, shard = t->shard * shard_inputs, shard_end = shard + shard_inputs;
    int chunk = shard + (t->first - shard) / CHUNK * CHUNK;
    int chunk_end = chunk + CHUNK < shard_end ? chunk + CHUNK : shard_end;
    t->end = t->first + PART < chunk_end ? t->first + PART : chunk_end;
    t->begins = t->first == chunk;
    t->ends = t->end == chunk_end;
    t->begins_shard = chunk == shard;
    t->ends_shard = t->end == shard_end;
    t->soon = (const char *)p->weights + ((long)panel * p->inputs + t->end) * 16 * STORED_BYTES;
}

/// Computes many rows of `P` panels.
INLINE void many_rows_of_panels(const product *p, int panel, int rows, const int P, const enum floats_as type) {
    held h;
    widened w;
    for (int from = 0; from < rows; from += HELD_ROWS) {
        int to = rows - from < HELD_ROWS ? rows : from + HELD_ROWS;
        part t = {0};
        while (t.first < p->inputs) {
            bound(p, &t, panel);
            widen(p, &w, panel, t, P, type);
            for (int row = from; row < to; row += FLOAT_ROWS) {
                int count = to - row < FLOAT_ROWS ? to - row : FLOAT_ROWS;
                switch (P) {
#if defined(__AVX512F__)
                    case 3: part_of_three(p, &h, &w, panel, row, row - from, t, count); break;
                    case 2: part_of_two(p, &h, &w, panel, row, row - from, t, count); break;
#endif
                    default: part_of_one(p, &h, &w, panel, row, row - from, t, count); break;
                }
            }
            t.shard += t.ends_shard;
            t.first = t.end;
        }
    }
}

/// How many of the rows that are left the next tile takes.
INLINE int rows_of_tile(int left) {
    return FEW_REGISTERS ? even_share(left, FLOAT_ROWS) : left < FLOAT_ROWS ? left : FLOAT_ROWS;
}

INLINE void rows_of_panels(const product *p, int panel, int rows, const int P, const enum floats_as type) {
    if (!FEW_REGISTERS && (type == HALF || type == BF16) && rows >= LEAST_ROWS_WIDENED) {
        many_rows_of_panels(p, panel, rows, P, type);
        return;
    }
    int row = 0;
    while (row < rows) {
        int count = rows_of_tile(rows - row);
#define TILE_OF(R)                                                                                                    \
            case R:                                                                                                   \
                if (R <= FLOAT_ROWS && P <= PANELS_BESIDE(R)) {                                                       \
                    tile(p, panel, row, R, P, type);                                                                  \
                }                                                                                                     \
                break;
        switch (count) {
            TILE_OF(8)
            TILE_OF(7)
            TILE_OF(6)
            TILE_OF(5)
            TILE_OF(4)
            TILE_OF(3)
            TILE_OF(2)
            TILE_OF(1)
            default: break;
        }
#undef TILE_OF
        row += count;
    }
}

INLINE void panels_of(const product *p, int first, int end, int rows, const enum floats_as type) {
    int most = FEW_REGISTERS && rows > 0 && rows < FLOAT_ROWS ? PANELS_BESIDE(rows) : FLOAT_PANELS;
    for (int panel = first; panel < end;) {
        int count = end - panel < most ? end - panel : most;
        switch (count) {
#if defined(__AVX2__)
#if !defined(__AVX512F__)
            case 4: rows_of_panels(p, panel, rows, 4, type); break;
#endif
            case 3: rows_of_panels(p, panel, rows, 3, type); break;
            case 2: rows_of_panels(p, panel, rows, 2, type); break;
#endif
            default: rows_of_panels(p, panel, rows, 1, type); break;
        }
        panel += count;
    }
}
