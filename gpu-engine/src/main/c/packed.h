// The layouts of quantised weights in memory. A layout is a table entry (`form`), not code of its own.
//
// Weights lie in panels of sixteen outputs, and a panel is a list of records. A record holds what one block of the
// model file holds, for sixteen outputs: 32 inputs, or 256 in the types with super-blocks (`span` blocks of 32).
//
//   record ─► low plane    [span][low bits][64 bytes]       the low bits of each weight's code
//             high plane   [span][high bits][64 bytes]      the other bits
//             factors      [span][32 / group][16 bytes]     the whole-number scale of each group, where there is one
//             factors of minimums, alike
//
// In a plane, a register of 64 bytes has four inputs of each output side by side:
//
//   [ o0: k0 k1 k2 k3 | o1: k0 k1 k2 k3 | ... | o15 ]
//
// A block has eight such steps. In a plane of b bits, step s lies in register s mod b, from bit s - s mod b of each
// byte on. Two separate arrays have the f16 scale and the f16 minimum of every record.
//
// A weight is (code - offset) * scale + minimum, or level[code] * scale. The product of a scale of 11 bits and a factor
// of at most 8 bits is exact in f32. So it makes no difference whether it is computed here or was computed when the
// model was loaded.
#pragma once

#include "lanes.h"

enum table { NUMBERS, IQ4_LEVELS, MX_LEVELS };

enum scale {
    FLOAT_SCALE,        // f32 for each group
    HALF_SCALE,         // f16 for each block
    POWER_SCALE,        // a power of two for each block, stored as its exponent plus 128, in a byte
    FACTOR_SCALE,       // f16 for each record, times a signed byte for each group
    NIBBLE_SCALE        // the same with a byte for each group: its low four bits scale, its high four bits lower
};

typedef struct {
    int low, high;          // bits of a code in each plane; a low plane of 8 bits is the code itself
    enum table table;       // what a code means
    int greatest;           // the greatest number that a code or the table has
    int is_signed;          // whether a looked-up code is a signed byte plus 128
    int group, span;
    enum scale scale;
    int minimums;           // whether there are minimums; they are stored like the scales
} form;

/// The stored types, and the layout of each.
enum type { Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL, MXFP4, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS };

#define Q8_0_FORM   {8, 0, NUMBERS, 255, 1, 32, 1, HALF_SCALE, 0}
#define Q4_0_FORM   {4, 0, NUMBERS, 15, 0, 32, 1, HALF_SCALE, 0}
#define Q4_1_FORM   {4, 0, NUMBERS, 15, 0, 32, 1, HALF_SCALE, 1}
#define Q5_0_FORM   {4, 1, NUMBERS, 31, 0, 32, 1, HALF_SCALE, 0}
#define Q5_1_FORM   {4, 1, NUMBERS, 31, 0, 32, 1, HALF_SCALE, 1}
#define IQ4_NL_FORM {4, 0, IQ4_LEVELS, 241, 1, 32, 1, HALF_SCALE, 0}
#define MXFP4_FORM  {4, 0, MX_LEVELS, 24, 0, 32, 1, POWER_SCALE, 0}
#define Q2_K_FORM   {2, 0, NUMBERS, 3, 0, 16, 8, NIBBLE_SCALE, 1}
#define Q3_K_FORM   {2, 1, NUMBERS, 7, 0, 16, 8, FACTOR_SCALE, 0}
#define Q4_K_FORM   {4, 0, NUMBERS, 15, 0, 32, 8, FACTOR_SCALE, 1}
#define Q5_K_FORM   {4, 1, NUMBERS, 31, 0, 32, 8, FACTOR_SCALE, 1}
#define Q6_K_FORM   {4, 2, NUMBERS, 63, 0, 16, 8, FACTOR_SCALE, 0}
#define IQ4_XS_FORM {4, 0, IQ4_LEVELS, 241, 1, 32, 8, FACTOR_SCALE, 0}

static const uint8_t IQ4_TABLE[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
static const uint8_t MX_TABLE[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};

/// The weights of some panels.
typedef struct {
    const uint8_t *quants;      // [panels][records]
    const void *scales;         // [panels][records][16]
    const void *minimums;       // the same, or null
    int records;                // of a panel
} weights;

/// Bytes of one block of 32 inputs in a record. All blocks together make up the record.
INLINE long block_bytes(const form f) {
    int factors = f.scale == FACTOR_SCALE ? f.minimums ? 2 : 1 : f.scale == NIBBLE_SCALE ? 1 : 0;
    return 64L * (f.low + f.high) + 16L * factors * 32 / f.group;
}

INLINE const uint8_t *record_at(const weights *w, int panel, int block, const form f) {
    return w->quants + ((long)panel * w->records + block / f.span) * f.span * block_bytes(f);
}

/// Four inputs of each of sixteen outputs, as unsigned bytes: codes, or what the table has for them.
INLINE ints weights_at(const uint8_t *record, int within, const int step, const form f) {
    const uint8_t *low = record + 64L * f.low * within;
    const uint8_t *high = record + 64L * (f.low * f.span + f.high * within);
    if (f.low == 8) {
        return load_ints(low + 64 * step);
    }
    ints code = masked(moved(load_ints(low + 64 * (step % f.low)), step - step % f.low, 0), (1 << f.low) - 1);
    if (f.high) {
        int bits = f.high ? f.high : 1;     // no division by zero in code that is left out
        ints others = moved(load_ints(high + 64 * (step % bits)), step - step % bits, f.low);
        code = with_bits(code, others, ((1 << bits) - 1) << f.low);
    }
    return f.table == NUMBERS ? code : looked_up(code, f.table == IQ4_LEVELS ? IQ4_TABLE : MX_TABLE);
}

/// 2^(exponent - 128) for exponents from 0 to 255, as a product of two numbers that are not subnormal.
INLINE floats power_scale(const uint8_t *exponents) {
    floats all = load_bytes(exponents), half = truncated(mul(all, splat(0.5f)));
    return mul(power_of_two(sub(half, splat(64))), power_of_two(sub(sub(all, half), splat(64))));
}

INLINE floats factors_at(const uint8_t *record, int within, int group, int kind, const form f) {
    long at = 64L * f.span * (f.low + f.high);
    int groups = 32 / f.group;
    return load_signed_bytes((const int8_t *)record + at + 16L * ((kind * f.span + within) * groups + group));
}

/// The low or the high nibbles of sixteen bytes.
INLINE floats nibbles_at(const uint8_t *record, int within, int group, int high, const form f) {
    floats both = load_bytes(record + 64L * f.span * (f.low + f.high) + 16L * (within * (32 / f.group) + group));
    floats upper = truncated(mul(both, splat(0.0625f)));
    return high ? upper : fma_(upper, splat(-16), both);
}

/// Whether the scale of a group is a whole-number factor times an f16 of its record.
INLINE int has_factors(const form f) { return f.scale == FACTOR_SCALE || f.scale == NIBBLE_SCALE; }

/// Widens the f16 scales of one record that has factors, and behind them its minimums.
///
/// @param wide [2][16]
INLINE void widen_scales(const weights *w, float *wide, int panel, int block, const form f) {
    if (has_factors(f)) {
        long at = 16 * ((long)panel * w->records + block / f.span);
        store(wide, load_half((const uint16_t *)w->scales + at));
        if (f.minimums) {
            store(wide + 16, load_half((const uint16_t *)w->minimums + at));
        }
    }
}

/// @param wide what `widen_scales` wrote for the record
INLINE floats scale_at(
        const weights *w, const float *wide, const uint8_t *record, int panel, int block, int group, const form f) {
    long at = 16 * ((long)panel * w->records + block / f.span);
    switch (f.scale) {
        case FLOAT_SCALE: return load((const float *)w->scales + at * (32 / f.group) + 16 * group);
        case HALF_SCALE: return load_half((const uint16_t *)w->scales + at);
        case POWER_SCALE: return power_scale((const uint8_t *)w->scales + at);
        case FACTOR_SCALE: return mul(load(wide), factors_at(record, block % f.span, group, 0, f));
        case NIBBLE_SCALE: return mul(load(wide), nibbles_at(record, block % f.span, group, 0, f));
    }
    __builtin_unreachable();
}

INLINE floats minimum_at(
        const weights *w, const float *wide, const uint8_t *record, int panel, int block, int group, const form f) {
    long at = 16 * ((long)panel * w->records + block / f.span);
    switch (f.scale) {
        case FLOAT_SCALE: return load((const float *)w->minimums + at * (32 / f.group) + 16 * group);
        case HALF_SCALE: return load_half((const uint16_t *)w->minimums + at);
        case POWER_SCALE: break;
        case FACTOR_SCALE: return mul(load(wide + 16), factors_at(record, block % f.span, group, 1, f));
        case NIBBLE_SCALE: return mul(load(wide + 16), nibbles_at(record, block % f.span, group, 1, f));
    }
    __builtin_unreachable();
}
