// Attention of a few queries that share their keys: the query heads of one key head, for a few rows of one slice.
//
// Online softmax (Dao 2023) over paged keys (Kwon et al. 2023) in splits of 64 positions, aligned to position 0:
//
//   per split:   s[t] = cap(scale * (q · k[t])),  m' = max s,  p[t] = exp(s[t] - m'),  l' = sum p,  o' = sum p[t] v[t]
//   merged in order:  n = max(m, m'),  l = l exp(m - n) + l' exp(m' - n),  o alike;  at the end out = o * (1 / l)
//
// q · k is a chain of fma over the head's dimensions. o' is a chain of fma over t. l' is sixteen partial sums, t in sum
// t mod 16, added in a tree. No result depends on how many queries are computed together.
//
// A split takes two small matrix products. With many queries both are bound by fma. With one query they are bound by
// reading keys and values; f16 is therefore widened in registers, and the kernel prefetches, because the hardware does
// not prefetch pieces of 2 KB that are scattered over the cache. One or two queries take so little time that they
// prefetch what comes next: a split's values while they compute scores, and the next split's keys while they weigh
// values. More queries prefetch the keys and values of the whole next split, into the L2 cache. The layouts of keys and
// values are documented in append.c.
//
// Keys and values of one byte have a scale for each head and position. A score is multiplied by its key's scale before
// all else, and a softmax weight by its value's scale before values are weighed; l' adds weights without scales.

#include "lanes.h"

enum { SPLIT = 64, MOST_PANELS = 4, HURRIED_QUERIES = 2 };

/// The most panels of a tile of `rows` queries, so that its sums stay in registers.
#define PANELS_BESIDE(rows)                                                                                           \
    (FEW_REGISTERS && (rows) <= 2                  ? (rows) == 1 ? 4 : 3                                              \
     : ATTENTION_PANELS > 2 && (rows) > QUERY_ROWS ? 2 : ATTENTION_PANELS)

/// The addresses of a split's keys and values.
typedef struct {
    const char *panels[SPLIT / 16];             // of each key panel
    const char *panel_values[SPLIT / 16];       // of the value of each panel's first token
    const char *values[SPLIT];                  // of each run of `run` tokens whose values are adjacent
    _Alignas(64) float key_scales[SPLIT];       // 0 beyond the last token; unspecified where numbers have no scales
    _Alignas(64) float value_scales[SPLIT];
} place;

typedef struct {
    int queries, group, head_dim, value_dim, padded, first_position, window;
    float scale, cap;
    float *query;             // [queries][head_dim]
    float *scores;            // [queries][SPLIT]
    float *out;               // [queries][padded]
    float *greatest;          // m; [queries] padded to a multiple of 16, as the arrays below
    float *total;             // l
    float *split_greatest;    // m'
    float *keep;              // exp(m - n)
    float *take;              // exp(m' - n)
    char *gathered;           // [SPLIT / 16][head_dim][16], key panels gathered from blocks smaller than a panel
    char *latents;            // [SPLIT][padded], the values of a split, where they are copied out of the keys
    int run;
    int from;                 // the first position of the split that any query sees
    int scaled;               // whether keys and values have scales
    const place *here, *next;      // the split being computed, and the split to prefetch
} attention;

enum stored_as { SINGLE = sizeof(float), HALF = sizeof(uint16_t), BYTE = sizeof(int8_t) };
enum { SCALE_BYTES = sizeof(float) };

INLINE floats load_stored(const char *p, long at, const enum stored_as stored) {
    return stored == SINGLE ? load((const float *)p + at)
         : stored == HALF   ? load_half((const uint16_t *)p + at)
                            : load_signed_bytes((const int8_t *)p + at);
}

/// Prefetches where the next split's keys and values begin: the hardware then reads on from there.
INLINE void announce(const place *next, int has_values) {
    for (int i = 0; i < SPLIT / 16; i++) {
        fetch_early(next->panels[i]);
        if (has_values) {
            fetch_early(next->panel_values[i]);
        }
    }
}

/// Adds to the sums of a tile: `sum[r][i] += x[r] * panel[i]`, where `x` is every `step`th float from `rows` on, and
/// `panels` are sixteen numbers each, `at` numbers after these addresses.
INLINE void add_products(
        floats *sum, const float *rows, int step, const char *const *panels, long at, const int R, const int P,
        const enum stored_as stored) {
    if (FEW_REGISTERS && R <= 2) {      // registers hold the rows' numbers and one panel
        UNROLLED for (int i = 0; i < P; i++) {
            floats panel = load_stored(panels[i], at, stored);
            UNROLLED for (int r = 0; r < R; r++) {
                sum[r * P + i] = fma_(splat(rows[r * step]), panel, sum[r * P + i]);
            }
        }
        return;
    }
    floats panel[MOST_PANELS];
    UNROLLED for (int i = 0; i < P; i++) {
        panel[i] = load_stored(panels[i], at, stored);
    }
    UNROLLED for (int r = 0; r < R; r++) {
        floats x = splat(rows[r * step]);
        UNROLLED for (int i = 0; i < P; i++) {
            sum[r * P + i] = fma_(x, panel[i], sum[r * P + i]);
        }
    }
}

/// Prefetches for a tile of `R` queries.
INLINE void fetch_beside(const char *p, const int R) {
    if (R <= HURRIED_QUERIES) {
        fetch(p);
    } else {
        fetch_early(p);
    }
}

/// Computes the scores of `R` queries with `P` panels of keys, and prefetches.
INLINE void score(attention *a, int query, int panel, const int R, const int P, const enum stored_as stored) {
    const int line = 4 / (int)stored;       // dimensions of a panel in 64 bytes
    floats sum[MOST_QUERY_ROWS * MOST_PANELS];
    UNROLLED for (int i = 0; i < R * P; i++) {
        sum[i] = splat(0);
    }
    const char *keys[MOST_PANELS], *soon[MOST_PANELS];
    UNROLLED for (int i = 0; i < P; i++) {
        keys[i] = a->here->panels[panel + i];
        soon[i] = R <= HURRIED_QUERIES ? a->here->panel_values[panel + i] : a->next->panels[panel + i];
    }
    const float *q = a->query + query * a->head_dim;
    int d = 0, head_dim = a->head_dim;
    for (; d + line <= head_dim; d += line) {
        UNROLLED for (int i = 0; i < P; i++) {
            if (query == 0) {
                fetch_beside(soon[i] + 16 * d * (int)stored, R);
            }
        }
        UNROLLED for (int j = 0; j < line; j++) {
            add_products(sum, q + d + j, head_dim, keys, 16 * (d + j), R, P, stored);
        }
    }
    for (; d < head_dim; d++) {
        add_products(sum, q + d, head_dim, keys, 16 * d, R, P, stored);
    }
    UNROLLED for (int r = 0; r < R; r++) {
        UNROLLED for (int i = 0; i < P; i++) {
            store(a->scores + (query + r) * SPLIT + 16 * (panel + i), sum[r * P + i]);
        }
    }
}

/// Computes the weighted sums of values for `R` queries and `P` registers of dimensions, over the first `tokens`
/// positions of the split that a query sees (those before may belong to another sequence), and prefetches.
INLINE void weigh(
        attention *a, int query, int dim, int tokens, const int R, const int P, const enum stored_as stored) {
    floats sum[MOST_QUERY_ROWS * MOST_PANELS];
    UNROLLED for (int i = 0; i < R * P; i++) {
        sum[i] = splat(0);
    }
    const float *weights = a->scores + query * SPLIT;
    int run = a->run, value_bytes = a->padded * (int)stored, begin = dim * (int)stored;
    int next_bytes = R <= HURRIED_QUERIES ? a->head_dim * (int)stored : value_bytes;
    for (int t = a->from; t < tokens;) {        // pieces that lie in one run and in one panel
        int end = t / 16 * 16 + 16, run_end = t / run * run + run;
        end = end < run_end ? end : run_end;
        end = end < tokens ? end : tokens;
        const char *value = a->here->values[t / run] + t % run * value_bytes + begin;
        const char *soon = (R <= HURRIED_QUERIES ? a->next->panels[t / 16] : a->next->panel_values[t / 16])
                + t % 16 * next_bytes + begin;
        for (; t < end; t++, value += value_bytes, soon += next_bytes) {
            const char *values[MOST_PANELS];
            UNROLLED for (int i = 0; i < P; i++) {
                if (query == 0 && i * (int)stored % 4 == 0) {
                    fetch_beside(soon + 16 * i * (int)stored, R);
                }
                values[i] = value + 16 * i * (int)stored;
            }
            add_products(sum, weights + t, SPLIT, values, 0, R, P, stored);
        }
    }
    UNROLLED for (int r = 0; r < R; r++) {
        UNROLLED for (int i = 0; i < P; i++) {
            float *out = a->out + (long)(query + r) * a->padded + dim + 16 * i;
            floats taken = mul(sum[r * P + i], splat(a->take[query + r]));
            store(out, fma_(load(out), splat(a->keep[query + r]), taken));
        }
    }
}

#define FOR_PANELS(rows, call)                                                                                        \
    for (int at = 0; at < count;) {                                                                                   \
        int P = count - at < PANELS_BESIDE(rows) ? count - at : PANELS_BESIDE(rows);                                  \
        if (PANELS_BESIDE(rows) > 2 && P == 4) {                                                                      \
            call(rows, 4);                                                                                            \
        } else if (PANELS_BESIDE(rows) > 2 && P == 3) {                                                               \
            call(rows, 3);                                                                                            \
        } else if (PANELS_BESIDE(rows) > 1 && P == 2) {                                                               \
            call(rows, 2);                                                                                            \
        } else {                                                                                                      \
            call(rows, 1);                                                                                            \
        }                                                                                                             \
        at += P;                                                                                                      \
    }

#if defined(__AVX512F__)
#define MORE_QUERIES(call)                                                                                            \
            case 8: FOR_PANELS(8, call) break;                                                                        \
            case 7: FOR_PANELS(7, call) break;
#else
#define MORE_QUERIES(call)
#endif
/// How many of the queries that are left the next tile takes.
INLINE int rows_of_tile(int left) {
    return FEW_REGISTERS ? even_share(left, QUERY_ROWS) : left <= MOST_QUERY_ROWS ? left : QUERY_ROWS;
}

#define FOR_QUERIES(call)                                                                                             \
    for (int query = 0; query < a->queries;) {                                                                        \
        int left = a->queries - query, R = rows_of_tile(left);                                                        \
        switch (R) {                                                                                                  \
            MORE_QUERIES(call)                                                                                        \
            case 6: FOR_PANELS(6, call) break;                                                                        \
            case 5: FOR_PANELS(5, call) break;                                                                        \
            case 4: FOR_PANELS(4, call) break;                                                                        \
            case 3: FOR_PANELS(3, call) break;                                                                        \
            case 2: FOR_PANELS(2, call) break;                                                                        \
            default: FOR_PANELS(1, call) break;                                                                       \
        }                                                                                                             \
        query += R;                                                                                                   \
    }

INLINE void score_all(attention *a, int count, const enum stored_as stored) {
#define SCORE(R, P) score(a, query, at, R, P, stored)
    FOR_QUERIES(SCORE)
}

INLINE void weigh_all(attention *a, int tokens, const enum stored_as stored) {
    int count = a->padded / 16;
#define WEIGH(R, P) weigh(a, query, 16 * at, tokens, R, P, stored)
    FOR_QUERIES(WEIGH)
}

/// Finds the split's positions that a query sees, from `first` up to and excluding `end`; none where end <= first.
INLINE void visible(const attention *a, int query, int split, int *first, int *end) {
    int position = a->first_position + query / a->group;
    *first = a->window > 0 && position + 1 - a->window > split ? position + 1 - a->window - split : 0;
    *end = position + 1 - split < SPLIT ? position + 1 - split : SPLIT;
}

INLINE floats only(floats x, int at, int first, int end, floats other) {
    return first <= at && end >= at + 16 ? x
         : end <= at || first >= at + 16 ? other
         : keep_range(x, first < at ? 0 : first - at, end < at ? 0 : end - at, other);
}

/// Scales and caps a query's scores, and finds the greatest score of a position that the query sees.
INLINE void scale_scores(attention *a, int query, int split) {
    int first, end;
    visible(a, query, split, &first, &end);
    float *scores = a->scores + query * SPLIT;
    floats none = splat(-__builtin_inff()), most = none;
    for (int at = 0; at < end; at += 16) {
        floats s = load(scores + at);
        if (a->scaled) {
            s = mul(s, load(a->here->key_scales + at));
        }
        s = mul(s, splat(a->scale));
        if (a->cap != 0) {
            s = mul(splat(a->cap), tangent(div_(s, splat(a->cap))));
        }
        s = only(s, at, first, end, none);
        store(scores + at, s);
        most = max_(most, s);
    }
    a->split_greatest[query] = greatest(most);
}

/// Replaces a query's scores by softmax weights, and adds their sum to the query's total.
INLINE void soften(attention *a, int query, int split) {
    int first, end;
    visible(a, query, split, &first, &end);
    float *scores = a->scores + query * SPLIT;
    floats sum = splat(0), split_greatest = splat(a->split_greatest[query]);
    for (int at = 0; at < SPLIT; at += 16) {
        floats p = splat(0);
        if (at < end && first < at + 16) {
            p = only(exponential(sub(load(scores + at), split_greatest)), at, first, end, p);
            sum = add(sum, p);
            if (a->scaled) {
                p = mul(p, load(a->here->value_scales + at));
            }
        }
        store(scores + at, p);
    }
    a->total[query] = __builtin_fmaf(a->total[query], a->keep[query], sum_tree(sum) * a->take[query]);
}

/// Replaces the scores of all queries by softmax weights, and computes the factors of the merge: `keep` for the sums of
/// earlier splits, `take` for this split. A query that sees no position of the split gets keep = 1 and take = 0.
static void soften_all(attention *a, int split) {
    for (int query = 0; query < a->queries; query++) {
        scale_scores(a, query, split);
    }
    for (int query = 0; query < a->queries; query += 16) {      // sixteen queries side by side
        floats before = load(a->greatest + query), of_split = load(a->split_greatest + query);
        floats next = max_(before, of_split);
        store(a->keep + query, exponential(sub(before, next)));
        store(a->take + query, exponential(sub(of_split, next)));
        store(a->greatest + query, next);
    }
    for (int query = 0; query < a->queries; query++) {
        soften(a, query, split);
    }
}

/// Bytes of one head's keys or values in a block, where a token has `width` numbers.
INLINE long head_bytes(long block_tokens, long width, long stored) {
    return block_tokens * (width * stored + (stored == BYTE ? SCALE_BYTES : 0));
}

/// Copies the scales of a split's keys and values; `keys` and `values` are those of one head in each block.
static void find_scales(
        const attention *a, place *p, int split, int tokens, const char *keys, const char *values, const int *blocks,
        int block_tokens, int kv_heads, int kv_head) {
    memset(p->key_scales, 0, sizeof p->key_scales);
    memset(p->value_scales, 0, sizeof p->value_scales);
    for (int t = 0; t < tokens; t += a->run) {
        long head = (long)blocks[(split + t) / block_tokens] * kv_heads + kv_head, within = (split + t) % block_tokens;
        size_t bytes = sizeof(float) * (size_t)(tokens - t < a->run ? tokens - t : a->run);
        memcpy(p->key_scales + t, keys + head * head_bytes(block_tokens, a->head_dim, BYTE)
                + block_tokens * a->head_dim + SCALE_BYTES * within, bytes);
        if (values) {
            memcpy(p->value_scales + t, values + head * head_bytes(block_tokens, a->padded, BYTE)
                    + block_tokens * a->padded + SCALE_BYTES * within, bytes);
        }
    }
    if (!values) {
        memcpy(p->value_scales, p->key_scales, sizeof p->value_scales);
    }
}

/// Finds the addresses of the keys and values of one split for one key head.
static void find_split(
        attention *a, place *p, int split, int tokens, const char *keys, const char *values, const int *blocks,
        int block_tokens, int kv_heads, int kv_head, long stored) {
    int width = block_tokens < 16 ? block_tokens : 16;
    if (stored == BYTE) {
        find_scales(a, p, split, tokens, keys, values, blocks, block_tokens, kv_heads, kv_head);
    }
    for (int t = 0; t < tokens; t += a->run) {
        if (!values) {
            p->values[t / a->run] = a->latents + (long)t * a->padded * stored;
            continue;
        }
        long head = (long)blocks[(split + t) / block_tokens] * kv_heads + kv_head;
        p->values[t / a->run] = values + head * head_bytes(block_tokens, a->padded, stored)
                + (split + t) % block_tokens * a->padded * stored;
    }
    for (int t = 0; t < tokens; t += width) {
        long head = (long)blocks[(split + t) / block_tokens] * kv_heads + kv_head;
        const char *panel = keys + head * head_bytes(block_tokens, a->head_dim, stored)
                + (split + t) % block_tokens * a->head_dim * stored;
        if (width == 16) {
            p->panels[t / 16] = panel;
            continue;
        }
        char *to = a->gathered + t / 16 * 16 * a->head_dim * stored;
        p->panels[t / 16] = to;
        for (int d = 0; d < a->head_dim; d++) {
            memcpy(to + (16 * d + t % 16) * stored, panel + width * d * stored, (size_t)(width * stored));
        }
    }
    for (int t = 0; t < SPLIT; t += 16) {
        // a shorter split repeats its first addresses, which are then prefetched in vain
        int there = t < tokens ? t : 0;
        p->panels[t / 16] = p->panels[there / 16];
        p->panel_values[t / 16] = p->values[there / a->run] + there % a->run * a->padded * stored;
    }
}

/// Copies the values of a split out of its key panels, where they are the last dimensions.
static void gather_values(const attention *a, int tokens, const enum stored_as stored) {
    int first = a->head_dim - a->value_dim;
    for (int t = 0; t < tokens; t += 16) {
        const char *panel = a->here->panels[t / 16];
        int lanes = tokens - t < 16 ? tokens - t : 16;
        for (int d = 0; d < a->value_dim; d++) {
            for (int lane = 0; lane < lanes; lane++) {
                memcpy(a->latents + ((long)(t + lane) * a->padded + d) * stored,
                       panel + ((long)(first + d) * 16 + lane) * stored, stored);
            }
        }
    }
}

/// Attention of one key head's queries for consecutive rows of one slice.
///
/// @param out            [rows][heads * value_dim], the outputs of these rows
/// @param row            queries, keys and values of the same rows, `row_stride` floats apart
/// @param first_position position of the first row; the other rows follow it
/// @param group          query heads that share a key head
/// @param value_dim      the width of a value. It is head_dim if `values` is given; without `values`, a value is the
///                       last value_dim dimensions of its key
/// @param kv_head        the key head; its query heads are kv_head * group up to (kv_head + 1) * group - 1
/// @param keys           keys of the layer, see append.c
/// @param values         values of the layer, see append.c
/// @param blocks         the slot's block table
/// @param sinks          for each query head a score that has no key and no value, or null
/// @param scratch        as many floats as `Kernels.attentionScratchFloats` returns
INLINE void attend(
        float *out, const float *row, int row_stride, int rows, int first_position, int group, int head_dim,
        int value_dim, int kv_heads, int kv_head, const void *keys, const void *values, const enum stored_as stored,
        const int *blocks, int block_tokens, int window, float scale, float cap, const float *sinks,
        float *scratch) {
    attention a = {.queries = rows * group, .group = group, .head_dim = head_dim, .value_dim = value_dim,
                   .padded = (value_dim + 15) / 16 * 16, .first_position = first_position, .window = window,
                   .scale = scale, .cap = cap};
    a.query = scratch;
    a.scores = a.query + a.queries * head_dim;
    a.out = a.scores + a.queries * SPLIT;
    a.greatest = a.out + a.queries * a.padded;
    int lanes = (a.queries + 15) / 16 * 16;
    a.total = a.greatest + lanes;
    a.split_greatest = a.total + lanes;
    a.keep = a.split_greatest + lanes;
    a.take = a.keep + lanes;
    a.gathered = (char *)(a.take + lanes);
    a.latents = a.gathered + (long)SPLIT * head_dim * sizeof(float);
    int head_width = group * head_dim;
    if (!values) {
        memset(a.latents, 0, (size_t)(SPLIT * a.padded) * stored);
    }
    for (int r = 0; r < rows; r++) {
        memcpy(a.query + r * head_width, row + (long)r * row_stride + kv_head * head_width,
               (size_t)head_width * sizeof(float));
    }
    memset(a.out, 0, (size_t)(a.queries * a.padded) * sizeof(float));
    memset(a.total, 0, (size_t)a.queries * sizeof(float));
    for (int query = 0; query < lanes; query++) {
        a.greatest[query] = -1e30f;     // less than any score; its difference from itself is 0
        a.split_greatest[query] = 0;
    }
    for (int query = 0; sinks && query < a.queries; query++) {      // the sink is the first score of the softmax
        a.greatest[query] = sinks[kv_head * group + query % group];
        a.total[query] = 1;
    }
    int length = first_position + rows;
    int oldest = window > 0 && first_position + 1 > window ? first_position + 1 - window : 0;
    int first_split = oldest / SPLIT * SPLIT;
    a.run = block_tokens < SPLIT ? block_tokens : SPLIT;
    a.scaled = stored == BYTE;
    place places[2], *here = &places[0], *next = &places[1];
#define FIND(p, split, head) find_split(&a, p, split, length - (split) < SPLIT ? length - (split) : SPLIT,            \
                                        keys, values, blocks, block_tokens, kv_heads, head, stored)
    FIND(here, first_split, kv_head);
    for (int split = first_split; split < length; split += SPLIT) {
        int tokens = length - split < SPLIT ? length - split : SPLIT;
        a.here = a.next = here;
        a.from = oldest > split ? oldest - split : 0;
        // keys of blocks smaller than a panel are gathered where those of the present split are still read
        int last = split + SPLIT >= length, early = block_tokens >= 16 && a.queries > HURRIED_QUERIES;
        if (early && (!last || kv_head + 1 < kv_heads)) {
            FIND(next, last ? first_split : split + SPLIT, kv_head + last);     // the tile that is usually next
            announce(next, values != 0);
            a.next = next;
        }
        score_all(&a, (tokens + 15) / 16, stored);
        if (!values) {
            gather_values(&a, tokens, stored);
        }
        soften_all(&a, split);
        if (!early && (!last || (kv_head + 1 < kv_heads && block_tokens >= 16))) {
            FIND(next, last ? first_split : split + SPLIT, kv_head + last);
            a.next = next;
        }
        weigh_all(&a, tokens, stored);
        place *read = here;
        here = next;
        next = read;
    }
#undef FIND
    int width = kv_heads * group * value_dim;
    for (int query = 0; query < a.queries; query++) {
        float inverse = 1 / a.total[query];
        float *to = out + (long)(query / group) * width + (kv_head * group + query % group) * value_dim;
        for (int d = 0; d < value_dim; d++) {
            to[d] = a.out[query * a.padded + d] * inverse;
        }
    }
}

#define ATTENTION(name, stored)                                                                                       \
    void KERNEL(name)(                                                                                                \
            float *out, const float *row, int row_stride, int rows, int first_position, int group, int head_dim,      \
            int value_dim, int kv_heads, int kv_head, const void *keys, const void *values, const int *blocks,        \
            int block_tokens, int window, float scale, float cap, const float *sinks, float *scratch) {               \
        attend(out, row, row_stride, rows, first_position, group, head_dim, value_dim, kv_heads, kv_head, keys,       \
               values, stored,                                                                                        \
               blocks, block_tokens, window, scale, cap, sinks, scratch);                                             \
    }

ATTENTION(attention_single, SINGLE)
ATTENTION(attention_half, HALF)
ATTENTION(attention_byte, BYTE)
