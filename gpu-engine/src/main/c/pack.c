// Re-orders stored rows into panels of sixteen outputs, when a model is loaded. packed.h describes the layouts.
//
//   block of each lane's row  ─►  words [word of the block][lane]  ─►  record
//
// Every step works on one word of all lanes at a time, which the compiler makes vector instructions of. Bound by the
// file's pages and by the memory that the panels take.

#include "packed.h"

enum { MOST_WORDS = 52 };       // of a block beside its f16 scale (Q6_K)
enum { AHEAD = 512 };          // bytes of each row that are fetched early

static const uint32_t ONES = 0x01010101, PAIRS = 0x03030303, NIBBLES = 0x0F0F0F0F;

typedef struct {
    int block_bytes;
    int first_word;             // where the words begin, in bytes
    int scale_at, minimum_at;   // where the f16 numbers are; minimum_at is -1 where there are none
} place;

typedef uint32_t word[16];      // of all lanes

static const uint8_t NO_BLOCK[256];

/// Reads one block of each lane.
///
/// @param rows where the rows begin; null for a lane without a row, whose numbers become zeros
INLINE void read_blocks(
        const uint8_t *const *rows, long record, word *words, uint16_t *scales, uint16_t *minimums, const form f,
        const place p) {
    for (int lane = 0; lane < 16; lane++) {
        const uint8_t *block = rows[lane] ? rows[lane] + record * p.block_bytes : NO_BLOCK;
        for (int at = 0; at < p.block_bytes; at += 64) {
            fetch(block + AHEAD + at);
        }
        for (int i = 0; i < (p.block_bytes - p.first_word) / 4; i++) {
            memcpy(&words[i][lane], block + p.first_word + 4 * i, 4);
        }
        memcpy(scales + lane, block + p.scale_at, 2);
        if (f.minimums) {
            memcpy(minimums + lane, block + p.minimum_at, 2);
        }
    }
}

/// Makes a plane of four bits from those of eight words, from bit `shift` of each byte on. The plane has weights 16
/// apart side by side.
INLINE void nibbles(const word *from, int shift, word *plane) {
    for (int i = 0; i < 4; i++) {
        for (int lane = 0; lane < 16; lane++) {
            plane[i][lane] = (from[i][lane] >> shift & NIBBLES) | (from[i + 4][lane] >> shift & NIBBLES) << 4;
        }
    }
}

/// Makes a plane of two bits, alike.
INLINE void pairs(const word *from, int shift, word *plane) {
    for (int i = 0; i < 2; i++) {
        for (int lane = 0; lane < 16; lane++) {
            plane[i][lane] = (from[i][lane] >> shift & PAIRS) | (from[i + 2][lane] >> shift & PAIRS) << 2
                    | (from[i + 4][lane] >> shift & PAIRS) << 4 | (from[i + 6][lane] >> shift & PAIRS) << 6;
        }
    }
}

/// Makes a plane of one bit, alike.
INLINE void bits(const word *from, int shift, word *plane) {
    for (int lane = 0; lane < 16; lane++) {
        uint32_t all = 0;
        for (int i = 0; i < 8; i++) {
            all |= (from[i][lane] >> shift & ONES) << i;
        }
        plane[0][lane] = all;
    }
}

/// Makes a plane of one bit from a word that holds the bits of 32 weights in their order.
INLINE void fifth_bits(const word *from, word *plane) {
    for (int lane = 0; lane < 16; lane++) {
        uint32_t all = 0;
        for (int step = 0; step < 8; step++) {
            all |= ((from[0][lane] >> 4 * step & 15) * 0x00204081 & ONES) << step;  // bit i of four to byte i
        }
        plane[0][lane] = all;
    }
}

/// Takes 32 weights of each lane's block apart.
///
/// @param part which 32 weights of the stored block
INLINE void take_apart(const word *words, int part, word *low, word *high, const enum type type) {
    int quarter = part % 4;
    switch (type) {
        case Q8_0:
            for (int i = 0; i < 8; i++) {
                for (int lane = 0; lane < 16; lane++) {
                    low[i][lane] = words[i][lane] ^ 128 * ONES;
                }
            }
            break;
        case Q4_0: case IQ4_NL: case MXFP4:     // 16 bytes that hold weights i and i + 16, the order of a plane
            memcpy(low, words, sizeof(word[4]));
            break;
        case Q4_1:
            memcpy(low, words + 1, sizeof(word[4]));
            break;
        case Q5_0:
            memcpy(low, words + 1, sizeof(word[4]));
            fifth_bits(words, high);
            break;
        case Q5_1:
            memcpy(low, words + 2, sizeof(word[4]));
            fifth_bits(words + 1, high);
            break;
        case IQ4_XS:
            memcpy(low, words + 2 + 4 * part, sizeof(word[4]));
            break;
        case Q2_K:
            pairs(words + 4 + part / 4 * 8, 2 * quarter, low);
            break;
        case Q3_K:
            pairs(words + 8 + part / 4 * 8, 2 * quarter, low);
            bits(words, part, high);
            break;
        case Q4_K:
            nibbles(words + 4 + part / 2 * 8, part % 2 * 4, low);
            break;
        case Q5_K:
            nibbles(words + 12 + part / 2 * 8, part % 2 * 4, low);
            bits(words + 4, part, high);
            break;
        case Q6_K:
            nibbles(words + part / 4 * 16 + quarter % 2 * 8, quarter / 2 * 4, low);
            pairs(words + 32 + part / 4 * 8, 2 * quarter, high);
            break;
    }
}

/// Subtracts 32 from four numbers of six bits.
INLINE uint32_t less_thirty_two(uint32_t six_bits) {
    uint32_t signs = (six_bits & 0x20202020) ^ 0x20202020;
    return (six_bits & 0x1F1F1F1F) | signs | signs << 1 | signs << 2;
}

/// The factors of four groups of a lane's block, a byte each.
///
/// @param quad which four groups
/// @param kind 0 for factors of scales, 1 for those of minimums
INLINE uint32_t four_factors(const word *words, int quad, int kind, int lane, const enum type type) {
    switch (type) {
        case Q2_K: return words[quad][lane];
        case Q6_K: return words[48 + quad][lane];
        case Q3_K: {
            uint32_t low = words[24 + quad % 2][lane] >> quad / 2 * 4 & NIBBLES;
            return less_thirty_two(low | (words[26][lane] >> 2 * quad & PAIRS) << 4);
        }
        case IQ4_XS: {
            uint32_t low = words[1][lane] >> 16 * quad & 0xFFFF;
            low = (low | low << 8) & 0x00FF00FF;
            low = (low | low << 4) & NIBBLES;
            uint32_t high = words[0][lane] >> (16 + 8 * quad) & 0xFF;
            high = (high | high << 12) & 0x000F000F;
            high = (high | high << 6) & PAIRS;
            return less_thirty_two(low | high << 4);
        }
        case Q4_K: case Q5_K: {
            uint32_t six_bits = words[1 + kind][lane];
            return quad == 0 ? six_bits & 0x3F3F3F3F
                             : (words[3][lane] >> 4 * kind & NIBBLES) | (six_bits >> 2 & 0x30303030);
        }
        case Q8_0: case Q4_0: case Q4_1: case Q5_0: case Q5_1: case IQ4_NL: case MXFP4: break;
    }
    __builtin_unreachable();
}

INLINE void take_factors(const word *words, uint8_t *factors, const form f, const enum type type) {
    const int groups = f.span * (32 / f.group), kinds = f.scale == FACTOR_SCALE && f.minimums ? 2 : 1;
    for (int kind = 0; kind < kinds; kind++) {
        for (int quad = 0; quad < groups / 4; quad++) {
            word four;
            for (int lane = 0; lane < 16; lane++) {
                four[lane] = four_factors(words, quad, kind, lane, type);
            }
            uint8_t *to = factors + 16 * (groups * kind + 4 * quad);
            for (int i = 0; i < 4; i++) {
                for (int lane = 0; lane < 16; lane++) {
                    to[16 * i + lane] = (uint8_t)(four[lane] >> 8 * i);
                }
            }
        }
    }
}

/// Writes the f16 numbers of a record, or the exponents of powers of two.
INLINE void put_scales(
        const uint16_t *of_lanes, const uint16_t *lowers, long record, void *scales, void *minimums, const form f) {
    if (f.scale == POWER_SCALE) {
        for (int lane = 0; lane < 16; lane++) {
            ((uint8_t *)scales)[16 * record + lane] = (uint8_t)of_lanes[lane];
        }
        return;
    }
    memcpy((uint16_t *)scales + 16 * record, of_lanes, 32);
    if (f.minimums) {
        for (int lane = 0; lane < 16; lane++) {
            // ggml subtracts the minimums of super-blocks; here they are added
            ((uint16_t *)minimums)[16 * record + lane] = lowers[lane] ^ (f.span > 1 ? 0x8000 : 0);
        }
    }
}

INLINE void pack(
        const uint8_t *const *rows, int records, uint8_t *quants, void *scales, void *minimums, const form f,
        const enum type type, const place p) {
    word words[MOST_WORDS];
    uint16_t of_lanes[16], lowers[16];
    for (long record = 0; record < records; record++) {
        uint8_t *to = quants + record * f.span * block_bytes(f);
        read_blocks(rows, record, words, of_lanes, lowers, f, p);
        word planes[8];
        for (int part = 0; part < f.span; part++) {
            take_apart(words, part, planes, planes + f.low, type);
            memcpy(to + 64L * f.low * part, planes, (size_t)f.low * sizeof(word));
            memcpy(to + 64L * (f.low * f.span + f.high * part), planes + f.low, (size_t)f.high * sizeof(word));
        }
        if (has_factors(f)) {
            take_factors(words, to + 64L * f.span * (f.low + f.high), f, type);
        }
        put_scales(of_lanes, lowers, record, scales, minimums, f);
    }
}

/// Defines the entry point for one stored type.
///
/// @param rows     [16] where the rows begin, the first block of each; null for a lane without a row
/// @param records  blocks of each row
/// @param quants   [records], overwritten
/// @param scales   [records][16], overwritten
/// @param minimums the same, or null
#define PACK(name, type, ...)                                                                                         \
    void KERNEL(pack_##name)(                                                                                         \
            const uint8_t *const *rows, int records, uint8_t *quants, void *scales, void *minimums) {                 \
        const form f = type##_FORM;                                                                                   \
        const place p = {__VA_ARGS__};                                                                                \
        pack(rows, records, quants, scales, minimums, f, type, p);                                                    \
    }

PACK(q8_0, Q8_0, 34, 2, 0, -1)
PACK(q4_0, Q4_0, 18, 2, 0, -1)
PACK(q4_1, Q4_1, 20, 0, 0, 2)
PACK(q5_0, Q5_0, 22, 2, 0, -1)
PACK(q5_1, Q5_1, 24, 0, 0, 2)
PACK(iq4_nl, IQ4_NL, 18, 2, 0, -1)
PACK(mxfp4, MXFP4, 17, 1, 0, -1)
PACK(iq4_xs, IQ4_XS, 136, 0, 0, -1)
PACK(q2_k, Q2_K, 84, 0, 80, 82)
PACK(q3_k, Q3_K, 110, 0, 108, -1)
PACK(q4_k, Q4_K, 144, 0, 0, 2)
PACK(q5_k, Q5_K, 176, 0, 0, 2)
PACK(q6_k, Q6_K, 210, 0, 208, -1)
