// Re-orders stored rows into panels of sixteen outputs, when a model is loaded. packed.h describes the layouts.
//
//   block of each lane's row  ─►  words [word of the block][lane]  ─►  record
//
// Every step works on one word of all lanes at a time, which the compiler makes vector instructions of. What is written
// does not pass the caches. Bound by memory: by reading the file's pages and by writing the panels.

#include "packed.h"

enum { MOST_WORDS = 52 };       // of a block beside its f16 scale (Q6_K)

static const uint32_t ONES = 0x01010101, PAIRS = 0x03030303, NIBBLES = 0x0F0F0F0F;

typedef struct {
    int block_bytes;
    int first_word;             // where the words begin, in bytes
    int scale_at, minimum_at;   // where the f16 numbers are; minimum_at is -1 where there are none
} place;

typedef uint32_t word[16];      // of all lanes; arrays of words begin at a cache line
#define LINE_ALIGNED __attribute__((aligned(64)))

static const uint8_t NO_BLOCK[256];

#if defined(__AVX2__)

/// Reads `count` words of each of eight lanes' blocks, four words at a time.
INLINE void read_words(const uint8_t *const *blocks, int first_lane, int first_byte, int count, word *words) {
    for (int i = 0; i < count; i += 4) {
        __m256i r[4];       // four words of a lane, and of the lane four further on
        for (int lane = 0; lane < 4; lane++) {
            const uint8_t *low = blocks[first_lane + lane] + first_byte + 4 * i;
            const uint8_t *high = blocks[first_lane + lane + 4] + first_byte + 4 * i;
            r[lane] = _mm256_inserti128_si256(
                    _mm256_castsi128_si256(_mm_loadu_si128((const void *)low)), _mm_loadu_si128((const void *)high), 1);
        }
        __m256i a = _mm256_unpacklo_epi32(r[0], r[1]), b = _mm256_unpackhi_epi32(r[0], r[1]);
        __m256i c = _mm256_unpacklo_epi32(r[2], r[3]), d = _mm256_unpackhi_epi32(r[2], r[3]);
        _mm256_store_si256((void *)&words[i][first_lane], _mm256_unpacklo_epi64(a, c));
        _mm256_store_si256((void *)&words[i + 1][first_lane], _mm256_unpackhi_epi64(a, c));
        _mm256_store_si256((void *)&words[i + 2][first_lane], _mm256_unpacklo_epi64(b, d));
        _mm256_store_si256((void *)&words[i + 3][first_lane], _mm256_unpackhi_epi64(b, d));
    }
}

/// Writes memory that will not be read soon: past the caches, which then need not read it first.
///
/// @param to    begins at a cache line
/// @param bytes whole cache lines
INLINE void put_away(uint8_t *to, const void *from, long bytes) {
    for (long at = 0; at < bytes; at += 32) {
        _mm256_stream_si256((void *)(to + at), _mm256_load_si256((const void *)((const uint8_t *)from + at)));
    }
}

/// Makes what was put away visible to other threads before what is written next.
INLINE void end_putting(void) { _mm_sfence(); }

#else

INLINE void read_words(const uint8_t *const *blocks, int first_lane, int first_byte, int count, word *words) {
    for (int lane = first_lane; lane < first_lane + 8; lane++) {
        for (int i = 0; i < count; i++) {
            memcpy(&words[i][lane], blocks[lane] + first_byte + 4 * i, 4);
        }
    }
}

INLINE void put_away(uint8_t *to, const void *from, long bytes) { memcpy(to, from, (size_t)bytes); }
INLINE void end_putting(void) {}

#endif

/// Reads one block of each lane.
///
/// @param rows where the rows begin; null for a lane without a row, whose numbers become zeros
INLINE void read_blocks(
        const uint8_t *const *rows, long record, word *words, uint16_t *scales, uint16_t *minimums, const form f,
        const place p) {
    const uint8_t *blocks[16];
    const int count = (p.block_bytes - p.first_word) / 4, fours = count / 4 * 4;
    for (int lane = 0; lane < 16; lane++) {
        blocks[lane] = rows[lane] ? rows[lane] + record * p.block_bytes : NO_BLOCK;
        memcpy(scales + lane, blocks[lane] + p.scale_at, 2);
        if (f.minimums) {
            memcpy(minimums + lane, blocks[lane] + p.minimum_at, 2);
        }
    }
    read_words(blocks, 0, p.first_word, fours, words);
    read_words(blocks, 8, p.first_word, fours, words);
    for (int i = fours; i < count; i++) {
        for (int lane = 0; lane < 16; lane++) {
            memcpy(&words[i][lane], blocks[lane] + p.first_word + 4 * i, 4);
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
            LINE_ALIGNED uint8_t bytes[64];
            for (int i = 0; i < 4; i++) {
                for (int lane = 0; lane < 16; lane++) {
                    bytes[16 * i + lane] = (uint8_t)(four[lane] >> 8 * i);
                }
            }
            put_away(factors + 16 * (groups * kind + 4 * quad), bytes, 64);
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

/// Fetches a part of what the file has behind a panel whose rows lie one after another, which are usually the rows of
/// the next panel: while a record is packed, as many bytes as its blocks have.
///
/// @param part which of `parts` parts of these bytes
INLINE void fetch_next(const uint8_t *const *rows, int records, long record, int part, int parts, const place p) {
    const long row_bytes = (long)records * p.block_bytes, bytes = 16L * p.block_bytes / parts;
    if (rows[1] == rows[0] + row_bytes) {
        for (long at = 0; at < bytes; at += 64) {
            fetch_early(rows[0] + 16 * (row_bytes + record * p.block_bytes) + part * bytes + at);
        }
    }
}

INLINE void pack(
        const uint8_t *const *rows, int records, uint8_t *quants, void *scales, void *minimums, const form f,
        const enum type type, const place p) {
    LINE_ALIGNED word words[MOST_WORDS];
    uint16_t of_lanes[16], lowers[16];
    for (long record = 0; record < records; record++) {
        uint8_t *to = quants + record * f.span * block_bytes(f);
        read_blocks(rows, record, words, of_lanes, lowers, f, p);
        LINE_ALIGNED word planes[8];
        for (int part = 0; part < f.span; part++) {
            fetch_next(rows, records, record, part, f.span, p);
            take_apart(words, part, planes, planes + f.low, type);
            put_away(to + 64L * f.low * part, planes, 64L * f.low);
            put_away(to + 64L * (f.low * f.span + f.high * part), planes + f.low, 64L * f.high);
        }
        if (has_factors(f)) {
            take_factors(words, to + 64L * f.span * (f.low + f.high), f, type);
        }
        put_scales(of_lanes, lowers, record, scales, minimums, f);
    }
    end_putting();
}

/// Defines the entry point for one stored type.
///
/// @param rows     [16] where the rows begin, the first block of each; null for a lane without a row
/// @param records  blocks of each row
/// @param quants   [records], at a multiple of 64 bytes, overwritten
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
