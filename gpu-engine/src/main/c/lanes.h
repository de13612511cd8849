// Sixteen lanes of f32 or i32, for any width of the machine's registers.
//
// Every kernel is written once in these operations and compiled once for each instruction set. A lane is one output
// element (or one of sixteen fixed partial sums), so the width of the registers does not change any bit of a result.
// Each operation rounds once. The compiler must not fuse or reorder operations (-ffp-contract=off, no -ffast-math).
//
// KERNEL(name) expands to the name of the instruction set's own function. The tile sizes below were chosen by
// measurement (docs/decisions/09-cpu-kernels.md) and do not change any bit either.
#pragma once

#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
/// Goes before a loop over the rows or panels of a tile: it is unrolled, so that the tile's sums stay in registers.
#define UNROLLED _Pragma("GCC unroll 32")

/// Makes the compiler write what it holds of this memory, and read it again. (Otherwise it may keep sums in registers
/// that a tile needs for other numbers.)
INLINE void leave_in_memory(float *p) { __asm__ volatile("" : : "r"(p) : "memory"); }

static const float GREATEST_HALF = 65504;

/// Prefetches memory that will be read soon. The address may be outside the allocated memory.
INLINE void fetch(const void *p) { __builtin_prefetch(p, 0, 3); }
/// Does the same into the L2 cache only, for memory that will be read later. (More of these may be under way at a
/// time.)
INLINE void fetch_early(const void *p) { __builtin_prefetch(p, 0, 2); }

#if defined(__AVX512F__) && defined(__AVX512VNNI__)

#include <immintrin.h>
#if defined(__AVX512BF16__)
#define KERNEL(name) flover_avx512bf16_##name
#else
#define KERNEL(name) flover_avx512_##name
#endif
enum { INTEGER_ROWS = 4, INTEGER_PANELS = 3, WIDE_ROWS = 8, FLOAT_ROWS = 8, FLOAT_PANELS = 3 };
enum { QUERY_ROWS = 6, MOST_QUERY_ROWS = 8, ATTENTION_PANELS = 4 };
enum { SIGNED_DOT = 0 };

typedef __m512 floats;
typedef __m512i ints;

INLINE floats splat(float x) { return _mm512_set1_ps(x); }
INLINE floats load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void store(float *p, floats x) { _mm512_storeu_ps(p, x); }
INLINE void store_first(float *p, floats x, int count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), x);
}
INLINE floats load_first(const float *p, int count) {
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
INLINE floats fma_(floats a, floats b, floats c) { return _mm512_fmadd_ps(a, b, c); }
INLINE floats add(floats a, floats b) { return _mm512_add_ps(a, b); }
INLINE floats sub(floats a, floats b) { return _mm512_sub_ps(a, b); }
INLINE floats mul(floats a, floats b) { return _mm512_mul_ps(a, b); }
INLINE floats div_(floats a, floats b) { return _mm512_div_ps(a, b); }
/// The greater of each pair of lanes; `b` where either is NaN.
INLINE floats max_(floats a, floats b) { return _mm512_max_ps(a, b); }
INLINE floats min_(floats a, floats b) { return _mm512_min_ps(a, b); }
INLINE floats absolute(floats a) { return _mm512_abs_ps(a); }
/// `a` with the sign of `sign`; `a` must not be negative.
INLINE floats with_sign(floats a, floats sign) {
    return _mm512_or_ps(a, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}
/// `x` where `at` is not negative, otherwise `y`.
INLINE floats where_positive(floats at, floats x, floats y) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(at)), x, y);
}
#define HAS_MASKS
/// Takes lanes `first` up to and excluding `end` from `x`, the others from `other`.
INLINE floats keep_range(floats x, int first, int end, floats other) {
    uint32_t mask = ((end >= 16 ? 0x10000u : 1u << end) - 1) & ~((1u << first) - 1);
    return _mm512_mask_blend_ps((__mmask16)mask, other, x);
}
INLINE floats load_half(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)p)); }
/// Rounds to the nearest f16, ties to even, limited to finite values; NaN becomes the lowest finite value.
INLINE void store_half(uint16_t *p, floats x) {
    x = min_(max_(x, _mm512_set1_ps(-GREATEST_HALF)), _mm512_set1_ps(GREATEST_HALF));
    _mm256_storeu_si256((void *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
/// Words of two bf16 numbers each: the number in the lower half.
INLINE floats lower_bf16(ints x) { return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16)); }
/// The number in the upper half.
INLINE floats upper_bf16(ints x) {
    return _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32((int32_t)0xFFFF0000)));
}
#if defined(__AVX512BF16__)
/// Says that words of two bf16 numbers are multiplied as they are.
#define HAS_BF16_DOT
/// Adds the product of the upper bf16 numbers of each pair of words to the sum, then that of the lower ones; each
/// addition rounds once. (When the kernels are loaded, `is_exact` in `project_bf16.c` compares this with fma.)
INLINE floats bf16_dot(floats sum, floats words, floats others) {
    return _mm512_dpbf16_ps(sum, (__m512bh)words, (__m512bh)others);
}
/// Rounds to bf16, ties to even.
INLINE void store_bf16(uint16_t *p, floats x) {
    _mm256_storeu_si256((void *)p, (__m256i)_mm512_cvtneps_pbh(x));
}
/// Returns `x` with all lanes set to zero whose magnitude is below `least`.
INLINE floats without_tiny(floats x, float least) {
    return _mm512_mask_mov_ps(splat(0), _mm512_cmp_ps_mask(absolute(x), splat(least), _CMP_NLT_UQ), x);
}
#endif
INLINE floats load_bytes(const uint8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)p)));
}
INLINE floats load_signed_bytes(const int8_t *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)p)));
}
INLINE floats from_ints(ints x) { return _mm512_cvtepi32_ps(x); }
/// `2^n` for lanes that hold integers in [-126, 127].
INLINE floats power_of_two(floats n) {
    ints exponent = _mm512_add_epi32(_mm512_cvttps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}
/// Converts integers in [-128, 127] to bytes; returns their sum.
INLINE int32_t store_bytes(int8_t *p, floats x) {
    ints whole = _mm512_cvttps_epi32(x);
    _mm_storeu_si128((void *)p, _mm512_cvtepi32_epi8(whole));
    return _mm512_reduce_add_epi32(whole);
}
/// Rounds each lane towards zero, for magnitudes below 2^31.
INLINE floats truncated(floats x) { return _mm512_cvtepi32_ps(_mm512_cvttps_epi32(x)); }
/// The exact sum of lanes that hold integers. The sum must fit into 32 bits.
INLINE int32_t sum_whole(floats x) { return _mm512_reduce_add_epi32(_mm512_cvttps_epi32(x)); }
/// The greatest of lanes that are not negative; NaN counts as greater than every number.
INLINE float greatest_magnitude(floats x) {
    int32_t bits = _mm512_reduce_max_epi32(_mm512_castps_si512(x));
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
INLINE ints splat_int(int32_t x) { return _mm512_set1_epi32(x); }
INLINE ints load_ints(const void *p) { return _mm512_loadu_si512(p); }
INLINE void store_ints(void *p, ints x) { _mm512_storeu_si512(p, x); }
/// Moves the bits of each byte from bit `from` down or up to bit `to`. The bits outside a byte's moved field are
/// unspecified; `masked` or `with_bits` removes them.
INLINE ints moved(ints x, const int from, const int to) {
    return from > to ? _mm512_srli_epi16(x, from - to) : from < to ? _mm512_slli_epi16(x, to - from) : x;
}
/// Keeps the bits of each byte that `mask` has.
INLINE ints masked(ints x, const int mask) { return _mm512_and_si512(x, _mm512_set1_epi8((char)mask)); }
/// Adds to each byte of `to` the bits of `x` that `mask` has.
INLINE ints with_bits(ints to, ints x, const int mask) {
    return _mm512_ternarylogic_epi32(to, x, _mm512_set1_epi8((char)mask), 0xF8);
}
/// Replaces each byte, which must be below 16, by the entry of a table with this index.
INLINE ints looked_up(ints x, const uint8_t *table) {
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const void *)table)), x);
}
/// Adds to each lane of `sum` the dot product of four unsigned bytes with four signed bytes.
INLINE ints dot(ints sum, ints bytes, ints four) { return _mm512_dpbusd_epi32(sum, bytes, four); }
/// Makes the compiler compute this value where the program does, in a register that it has at the time.
INLINE ints in_order(ints x) {
    __asm__("" : "+v"(x));
    return x;
}
INLINE ints dot_signed(ints sum, ints bytes, ints four) { return dot(sum, bytes, four); }

#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>
#if defined(__AVXVNNI__)
#define KERNEL(name) flover_avxvnni_##name
enum { INTEGER_ROWS = 2, INTEGER_PANELS = 1, WIDE_ROWS = 4, FLOAT_ROWS = 6, FLOAT_PANELS = 1 };
enum { SIGNED_DOT = 0 };
#else
#define KERNEL(name) flover_avx2_##name
enum { INTEGER_ROWS = 2, INTEGER_PANELS = 1, WIDE_ROWS = 4, FLOAT_ROWS = 6, FLOAT_PANELS = 1 };
enum { SIGNED_DOT = 1 };
#endif
enum { QUERY_ROWS = 6, MOST_QUERY_ROWS = 6, ATTENTION_PANELS = 1 };

typedef struct { __m256 a, b; } floats;
typedef struct { __m256i a, b; } ints;
#define BOTH(f) (floats){f(x.a, y.a), f(x.b, y.b)}
#define BOTH_INTS(f) (ints){f(x.a, y.a), f(x.b, y.b)}

INLINE floats splat(float x) { return (floats){_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
INLINE floats load(const float *p) { return (floats){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
INLINE void store(float *p, floats x) { _mm256_storeu_ps(p, x.a), _mm256_storeu_ps(p + 8, x.b); }
INLINE void store_first(float *p, floats x, int count) {
    float all[16];
    store(all, x);
    memcpy(p, all, (size_t)count * sizeof(float));
}
INLINE floats load_first(const float *p, int count) {
    float all[16] = {0};
    memcpy(all, p, (size_t)count * sizeof(float));
    return load(all);
}
INLINE floats fma_(floats x, floats y, floats z) {
    return (floats){_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
INLINE floats add(floats x, floats y) { return BOTH(_mm256_add_ps); }
INLINE floats sub(floats x, floats y) { return BOTH(_mm256_sub_ps); }
INLINE floats mul(floats x, floats y) { return BOTH(_mm256_mul_ps); }
INLINE floats div_(floats x, floats y) { return BOTH(_mm256_div_ps); }
INLINE floats max_(floats x, floats y) { return BOTH(_mm256_max_ps); }
INLINE floats min_(floats x, floats y) { return BOTH(_mm256_min_ps); }
INLINE floats absolute(floats y) {
    floats x = splat(-0.0f);
    return BOTH(_mm256_andnot_ps);
}
INLINE floats with_sign(floats a, floats sign) {
    __m256 bit = _mm256_set1_ps(-0.0f);
    return (floats){_mm256_or_ps(a.a, _mm256_and_ps(sign.a, bit)), _mm256_or_ps(a.b, _mm256_and_ps(sign.b, bit))};
}
INLINE floats where_positive(floats at, floats x, floats y) {
    return (floats){_mm256_blendv_ps(x.a, y.a, at.a), _mm256_blendv_ps(x.b, y.b, at.b)};
}
INLINE floats load_half(const uint16_t *p) {
    return (floats){_mm256_cvtph_ps(_mm_loadu_si128((const void *)p)),
                    _mm256_cvtph_ps(_mm_loadu_si128((const void *)(p + 8)))};
}
INLINE void store_half(uint16_t *p, floats x) {
    x = min_(max_(x, splat(-GREATEST_HALF)), splat(GREATEST_HALF));
    _mm_storeu_si128((void *)p, _mm256_cvtps_ph(x.a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    _mm_storeu_si128((void *)(p + 8), _mm256_cvtps_ph(x.b, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
INLINE floats lower_bf16(ints x) {
    return (floats){_mm256_castsi256_ps(_mm256_slli_epi32(x.a, 16)), _mm256_castsi256_ps(_mm256_slli_epi32(x.b, 16))};
}
INLINE floats upper_bf16(ints x) {
    __m256i upper = _mm256_set1_epi32((int32_t)0xFFFF0000);
    return (floats){_mm256_castsi256_ps(_mm256_and_si256(x.a, upper)),
                    _mm256_castsi256_ps(_mm256_and_si256(x.b, upper))};
}
INLINE floats load_bytes(const uint8_t *p) {
    return (floats){_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)p))),
                    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(p + 8))))};
}
INLINE floats load_signed_bytes(const int8_t *p) {
    return (floats){_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)p))),
                    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(p + 8))))};
}
INLINE floats from_ints(ints x) { return (floats){_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
INLINE __m256 power_of_two_half(__m256 n) {
    __m256i exponent = _mm256_add_epi32(_mm256_cvttps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}
INLINE floats power_of_two(floats n) { return (floats){power_of_two_half(n.a), power_of_two_half(n.b)}; }
INLINE int32_t sum_ints(__m256i eight) {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}
INLINE int32_t store_bytes(int8_t *p, floats x) {
    __m256i a = _mm256_cvttps_epi32(x.a), b = _mm256_cvttps_epi32(x.b), low = _mm256_set1_epi32(0xFF);
    // each half of `pairs` has four numbers of `a`, then four of `b`
    __m256i pairs = _mm256_packus_epi32(_mm256_and_si256(a, low), _mm256_and_si256(b, low));
    pairs = _mm256_permute4x64_epi64(pairs, 0xD8);
    _mm_storeu_si128((void *)p, _mm_packus_epi16(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1)));
    return sum_ints(_mm256_add_epi32(a, b));
}
INLINE floats truncated(floats x) {
    return (floats){_mm256_cvtepi32_ps(_mm256_cvttps_epi32(x.a)), _mm256_cvtepi32_ps(_mm256_cvttps_epi32(x.b))};
}
INLINE int32_t sum_whole(floats x) {
    return sum_ints(_mm256_add_epi32(_mm256_cvttps_epi32(x.a), _mm256_cvttps_epi32(x.b)));
}
INLINE float greatest_magnitude(floats x) {
    __m256i most = _mm256_max_epi32(_mm256_castps_si256(x.a), _mm256_castps_si256(x.b));
    __m128i four = _mm_max_epi32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
    four = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    return _mm_cvtss_f32(_mm_castsi128_ps(four));
}
INLINE ints splat_int(int32_t x) { return (ints){_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
INLINE ints load_ints(const void *p) {
    return (ints){_mm256_loadu_si256(p), _mm256_loadu_si256((const __m256i *)p + 1)};
}
INLINE void store_ints(void *p, ints x) {
    _mm256_storeu_si256(p, x.a);
    _mm256_storeu_si256((__m256i *)p + 1, x.b);
}
INLINE ints moved(ints x, const int from, const int to) {
    return from > to ? (ints){_mm256_srli_epi16(x.a, from - to), _mm256_srli_epi16(x.b, from - to)}
         : from < to ? (ints){_mm256_slli_epi16(x.a, to - from), _mm256_slli_epi16(x.b, to - from)} : x;
}
INLINE ints masked(ints x, const int mask) {
    __m256i all = _mm256_set1_epi8((char)mask);
    return (ints){_mm256_and_si256(x.a, all), _mm256_and_si256(x.b, all)};
}
INLINE ints with_bits(ints to, ints x, const int mask) {
    x = masked(x, mask);
    return (ints){_mm256_or_si256(to.a, x.a), _mm256_or_si256(to.b, x.b)};
}
INLINE ints looked_up(ints x, const uint8_t *table) {
    __m256i both = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)table));
    return (ints){_mm256_shuffle_epi8(both, x.a), _mm256_shuffle_epi8(both, x.b)};
}
/// Makes the compiler add in the order of the program. (Otherwise it adds many terms in pairs first, for which it has
/// too few registers.)
INLINE ints in_order(ints x) {
    __asm__("" : "+x"(x.a), "+x"(x.b));
    return x;
}
#if defined(__AVXVNNI__)
INLINE __m256i dot_half(__m256i sum, __m256i bytes, __m256i four) { return _mm256_dpbusd_avx_epi32(sum, bytes, four); }
INLINE ints dot(ints sum, ints bytes, ints four) {
    return (ints){dot_half(sum.a, bytes.a, four.a), dot_half(sum.b, bytes.b, four.b)};
}
INLINE ints dot_signed(ints sum, ints bytes, ints four) { return dot(sum, bytes, four); }
#else
/// Says that products are added up in sums of 16 bits first, which takes two instructions for a register of bytes;
/// `dot` takes three.
#define HAS_PAIRS
/// For each lane two sums of 16 bits: the products of the lower two unsigned bytes with signed bytes, and those of the
/// upper two. Exact for `bytes` up to 127.
INLINE ints pairs_of(ints bytes, ints four) {
    return (ints){_mm256_maddubs_epi16(bytes.a, four.a), _mm256_maddubs_epi16(bytes.b, four.b)};
}
INLINE ints add_pairs(ints x, ints y) { return in_order(BOTH_INTS(_mm256_add_epi16)); }
/// Adds to each lane of `sum` its two sums of 16 bits.
INLINE ints with_pairs(ints sum, ints pairs) {
    __m256i ones = _mm256_set1_epi16(1);
    return in_order((ints){_mm256_add_epi32(sum.a, _mm256_madd_epi16(pairs.a, ones)),
                           _mm256_add_epi32(sum.b, _mm256_madd_epi16(pairs.b, ones))});
}
INLINE __m256i signed_pairs_half(__m256i bytes, __m256i four) {
    __m256i weight = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
    return _mm256_maddubs_epi16(_mm256_abs_epi8(weight), _mm256_sign_epi8(four, weight));
}
/// Does the same for bytes that are a signed weight plus 128; the products are those of the signed weights. The sum of
/// two is exact, as `four` is never -128: `quantise` writes bytes from -127 to 127.
INLINE ints signed_pairs(ints bytes, ints four) {
    return (ints){signed_pairs_half(bytes.a, four.a), signed_pairs_half(bytes.b, four.b)};
}
INLINE ints dot(ints sum, ints bytes, ints four) { return with_pairs(sum, pairs_of(bytes, four)); }
#endif

#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)

#include <arm_neon.h>
#define KERNEL(name) flover_dotprod_##name
enum { INTEGER_ROWS = 4, INTEGER_PANELS = 1, WIDE_ROWS = 4, FLOAT_ROWS = 4, FLOAT_PANELS = 1 };
enum { QUERY_ROWS = 6, MOST_QUERY_ROWS = 6, ATTENTION_PANELS = 1 };
enum { SIGNED_DOT = 1 };

typedef struct { float32x4_t at[4]; } floats;
typedef struct { int32x4_t at[4]; } ints;
#define QUARTERS for (int i = 0; i < 4; i++)
#define EACH(type, expression) type out; UNROLLED QUARTERS { out.at[i] = (expression); } return out

INLINE floats splat(float x) { EACH(floats, vdupq_n_f32(x)); }
INLINE floats load(const float *p) { EACH(floats, vld1q_f32(p + 4 * i)); }
INLINE void store(float *p, floats x) { UNROLLED QUARTERS { vst1q_f32(p + 4 * i, x.at[i]); } }
INLINE void store_first(float *p, floats x, int count) {
    float all[16];
    store(all, x);
    memcpy(p, all, (size_t)count * sizeof(float));
}
INLINE floats load_first(const float *p, int count) {
    float all[16] = {0};
    memcpy(all, p, (size_t)count * sizeof(float));
    return load(all);
}
INLINE floats fma_(floats x, floats y, floats z) { EACH(floats, vfmaq_f32(z.at[i], x.at[i], y.at[i])); }
INLINE floats add(floats x, floats y) { EACH(floats, vaddq_f32(x.at[i], y.at[i])); }
INLINE floats sub(floats x, floats y) { EACH(floats, vsubq_f32(x.at[i], y.at[i])); }
INLINE floats mul(floats x, floats y) { EACH(floats, vmulq_f32(x.at[i], y.at[i])); }
INLINE floats div_(floats x, floats y) { EACH(floats, vdivq_f32(x.at[i], y.at[i])); }
INLINE floats max_(floats x, floats y) {
    EACH(floats, vbslq_f32(vcgtq_f32(x.at[i], y.at[i]), x.at[i], y.at[i]));
}
INLINE floats min_(floats x, floats y) {
    EACH(floats, vbslq_f32(vcltq_f32(x.at[i], y.at[i]), x.at[i], y.at[i]));
}
INLINE floats absolute(floats x) { EACH(floats, vabsq_f32(x.at[i])); }
INLINE floats with_sign(floats x, floats sign) {
    EACH(floats, vbslq_f32(vdupq_n_u32(0x80000000), sign.at[i], x.at[i]));
}
INLINE floats where_positive(floats at, floats x, floats y) {
    EACH(floats, vbslq_f32(vcltq_s32(vreinterpretq_s32_f32(at.at[i]), vdupq_n_s32(0)), y.at[i], x.at[i]));
}
INLINE floats load_half(const uint16_t *p) {
    EACH(floats, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i))));
}
INLINE void store_half(uint16_t *p, floats x) {
    x = min_(max_(x, splat(-GREATEST_HALF)), splat(GREATEST_HALF));
    UNROLLED QUARTERS { vst1_u16(p + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(x.at[i]))); }
}
INLINE floats lower_bf16(ints x) { EACH(floats, vreinterpretq_f32_s32(vshlq_n_s32(x.at[i], 16))); }
INLINE floats upper_bf16(ints x) {
    EACH(floats, vreinterpretq_f32_s32(vandq_s32(x.at[i], vdupq_n_s32((int32_t)0xFFFF0000))));
}
INLINE floats load_bytes(const uint8_t *p) {
    uint8x16_t all = vld1q_u8(p);
    uint16x8_t low = vmovl_u8(vget_low_u8(all)), high = vmovl_u8(vget_high_u8(all));
    return (floats){{vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
                     vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))}};
}
INLINE floats load_signed_bytes(const int8_t *p) {
    int8x16_t all = vld1q_s8(p);
    int16x8_t low = vmovl_s8(vget_low_s8(all)), high = vmovl_s8(vget_high_s8(all));
    return (floats){{vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), vcvtq_f32_s32(vmovl_s16(vget_high_s16(low))),
                     vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))), vcvtq_f32_s32(vmovl_s16(vget_high_s16(high)))}};
}
INLINE floats from_ints(ints x) { EACH(floats, vcvtq_f32_s32(x.at[i])); }
INLINE floats power_of_two(floats n) {
    EACH(floats, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n.at[i]), vdupq_n_s32(127)), 23)));
}
INLINE int32_t store_bytes(int8_t *p, floats x) {
    int32_t sum = 0, whole[16];
    UNROLLED QUARTERS { vst1q_s32(whole + 4 * i, vcvtq_s32_f32(x.at[i])); }
    for (int i = 0; i < 16; i++) {
        p[i] = (int8_t)whole[i];
        sum += whole[i];
    }
    return sum;
}
INLINE floats truncated(floats x) { EACH(floats, vcvtq_f32_s32(vcvtq_s32_f32(x.at[i]))); }
INLINE int32_t sum_whole(floats x) {
    int32_t sum = 0;
    UNROLLED QUARTERS { sum += vaddvq_s32(vcvtq_s32_f32(x.at[i])); }
    return sum;
}
INLINE float greatest_magnitude(floats x) {
    int32x4_t most = vreinterpretq_s32_f32(x.at[0]);
    UNROLLED for (int i = 1; i < 4; i++) {
        most = vmaxq_s32(most, vreinterpretq_s32_f32(x.at[i]));
    }
    int32_t bits = vmaxvq_s32(most);
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
INLINE ints splat_int(int32_t x) { EACH(ints, vdupq_n_s32(x)); }
INLINE ints load_ints(const void *p) { EACH(ints, vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)p + 16 * i))); }
INLINE void store_ints(void *p, ints x) {
    UNROLLED QUARTERS { vst1q_u8((uint8_t *)p + 16 * i, vreinterpretq_u8_s32(x.at[i])); }
}
INLINE ints moved(ints x, const int from, const int to) {
    EACH(ints, vreinterpretq_s32_u8(vshlq_u8(vreinterpretq_u8_s32(x.at[i]), vdupq_n_s8((int8_t)(to - from)))));
}
INLINE ints masked(ints x, const int mask) {
    EACH(ints, vandq_s32(x.at[i], vreinterpretq_s32_u8(vdupq_n_u8((uint8_t)mask))));
}
INLINE ints with_bits(ints to, ints x, const int mask) {
    x = masked(x, mask);
    EACH(ints, vorrq_s32(to.at[i], x.at[i]));
}
INLINE ints looked_up(ints x, const uint8_t *table) {
    uint8x16_t all = vld1q_u8(table);
    EACH(ints, vreinterpretq_s32_u8(vqtbl1q_u8(all, vreinterpretq_u8_s32(x.at[i]))));
}
/// Correct for bytes up to 127, as the instruction multiplies signed bytes.
INLINE ints dot(ints sum, ints bytes, ints four) {
    EACH(ints, vdotq_s32(sum.at[i], vreinterpretq_s8_s32(bytes.at[i]), vreinterpretq_s8_s32(four.at[i])));
}
/// Does the same for bytes that are a signed weight plus 128; the result is the dot product of the signed weights.
INLINE ints dot_signed(ints sum, ints bytes, ints four) {
    EACH(ints, vdotq_s32(sum.at[i],
                         vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_s32(bytes.at[i]), vdupq_n_u8(128))),
                         vreinterpretq_s8_s32(four.at[i])));
}

#else

#include <math.h>
#define KERNEL(name) flover_plain_##name
enum { INTEGER_ROWS = 2, INTEGER_PANELS = 1, WIDE_ROWS = 2, FLOAT_ROWS = 4, FLOAT_PANELS = 1 };
enum { QUERY_ROWS = 6, MOST_QUERY_ROWS = 6, ATTENTION_PANELS = 1 };
enum { SIGNED_DOT = 0 };

typedef struct { float at[16]; } floats;
typedef struct { int32_t at[16]; } ints;
#define LANES for (int i = 0; i < 16; i++)
#define EACH(type, expression) type out; LANES { out.at[i] = (expression); } return out

INLINE floats splat(float x) { EACH(floats, x); }
INLINE floats load(const float *p) { EACH(floats, p[i]); }
INLINE void store(float *p, floats x) { LANES { p[i] = x.at[i]; } }
INLINE void store_first(float *p, floats x, int count) { memcpy(p, x.at, (size_t)count * sizeof(float)); }
INLINE floats load_first(const float *p, int count) { EACH(floats, i < count ? p[i] : 0); }
INLINE floats fma_(floats x, floats y, floats z) { EACH(floats, __builtin_fmaf(x.at[i], y.at[i], z.at[i])); }
INLINE floats add(floats x, floats y) { EACH(floats, x.at[i] + y.at[i]); }
INLINE floats sub(floats x, floats y) { EACH(floats, x.at[i] - y.at[i]); }
INLINE floats mul(floats x, floats y) { EACH(floats, x.at[i] * y.at[i]); }
INLINE floats div_(floats x, floats y) { EACH(floats, x.at[i] / y.at[i]); }
INLINE floats max_(floats x, floats y) { EACH(floats, x.at[i] > y.at[i] ? x.at[i] : y.at[i]); }
INLINE floats min_(floats x, floats y) { EACH(floats, x.at[i] < y.at[i] ? x.at[i] : y.at[i]); }
INLINE floats absolute(floats x) { EACH(floats, __builtin_fabsf(x.at[i])); }
INLINE floats with_sign(floats x, floats sign) { EACH(floats, __builtin_copysignf(x.at[i], sign.at[i])); }
INLINE floats where_positive(floats at, floats x, floats y) {
    EACH(floats, __builtin_signbit(at.at[i]) ? y.at[i] : x.at[i]);
}
INLINE float half_to_float(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = h & 0x7FFF, bits;
    float value;
    if (rest >= 0x7C00) {
        bits = 0x7F800000 | (rest & 0x3FF) << 13;
    } else if (rest >= 0x400) {
        bits = (rest + 0x1C000) << 13;
    } else {
        value = (float)rest * 0x1p-24f;
        memcpy(&bits, &value, 4);
    }
    bits |= sign;
    memcpy(&value, &bits, 4);
    return value;
}
INLINE floats load_half(const uint16_t *p) { EACH(floats, half_to_float(p[i])); }
INLINE uint16_t float_to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude < 0x38800000) {       // a subnormal f16: adding 1/2 rounds to its unit, 2^-24
        memcpy(&value, &magnitude, 4);
        value += 0.5f;
        memcpy(&bits, &value, 4);
        return (uint16_t)(sign | (bits - 0x3F000000));
    }
    uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    return (uint16_t)(sign | (rounded - 0x38000000) >> 13);
}
INLINE void store_half(uint16_t *p, floats x) {
    x = min_(max_(x, splat(-GREATEST_HALF)), splat(GREATEST_HALF));
    for (int i = 0; i < 16; i++) {
        p[i] = float_to_half(x.at[i]);
    }
}
INLINE floats from_bits(const uint32_t *bits) {
    floats out;
    LANES { memcpy(&out.at[i], &bits[i], 4); }
    return out;
}
INLINE floats lower_bf16(ints x) {
    uint32_t bits[16];
    LANES { bits[i] = (uint32_t)x.at[i] << 16; }
    return from_bits(bits);
}
INLINE floats upper_bf16(ints x) {
    uint32_t bits[16];
    LANES { bits[i] = (uint32_t)x.at[i] & 0xFFFF0000; }
    return from_bits(bits);
}
INLINE floats load_bytes(const uint8_t *p) { EACH(floats, (float)p[i]); }
INLINE floats load_signed_bytes(const int8_t *p) { EACH(floats, (float)p[i]); }
INLINE floats from_ints(ints x) { EACH(floats, (float)x.at[i]); }
INLINE floats power_of_two(floats n) {
    floats out;
    LANES {
        uint32_t bits = (uint32_t)((int32_t)n.at[i] + 127) << 23;
        memcpy(&out.at[i], &bits, 4);
    }
    return out;
}
INLINE int32_t store_bytes(int8_t *p, floats x) {
    int32_t sum = 0;
    LANES {
        p[i] = (int8_t)(int32_t)x.at[i];
        sum += p[i];
    }
    return sum;
}
INLINE floats truncated(floats x) { EACH(floats, (float)(int32_t)x.at[i]); }
INLINE int32_t sum_whole(floats x) {
    int32_t sum = 0;
    LANES { sum += (int32_t)x.at[i]; }
    return sum;
}
INLINE float greatest_magnitude(floats x) {
    int32_t bits[16], most = 0;
    memcpy(bits, &x, sizeof bits);
    LANES { most = bits[i] > most ? bits[i] : most; }
    float value;
    memcpy(&value, &most, 4);
    return value;
}
INLINE ints splat_int(int32_t x) { EACH(ints, x); }
INLINE ints load_ints(const void *p) {
    ints out;
    memcpy(&out, p, sizeof out);
    return out;
}
INLINE void store_ints(void *p, ints x) { memcpy(p, &x, sizeof x); }
INLINE int32_t bytes_of(const int byte) { return (int32_t)(0x01010101u * (uint32_t)byte); }
INLINE ints moved(ints x, const int from, const int to) {
    EACH(ints, (int32_t)(from > to ? (uint32_t)x.at[i] >> (from - to) : (uint32_t)x.at[i] << (to - from)));
}
INLINE ints masked(ints x, const int mask) { EACH(ints, x.at[i] & bytes_of(mask)); }
INLINE ints with_bits(ints to, ints x, const int mask) { EACH(ints, to.at[i] | (x.at[i] & bytes_of(mask))); }
INLINE ints looked_up(ints x, const uint8_t *table) {
    ints out;
    const uint8_t *from = (const uint8_t *)&x;
    uint8_t *to = (uint8_t *)&out;
    for (int i = 0; i < 64; i++) {
        to[i] = table[from[i]];
    }
    return out;
}
INLINE ints dot(ints sum, ints bytes, ints four) {
    const uint8_t *unsigned_bytes = (const uint8_t *)&bytes;
    const int8_t *signed_bytes = (const int8_t *)&four;
    LANES {
        for (int j = 0; j < 4; j++) {
            sum.at[i] += unsigned_bytes[4 * i + j] * signed_bytes[4 * i + j];
        }
    }
    return sum;
}
INLINE ints dot_signed(ints sum, ints bytes, ints four) { return dot(sum, bytes, four); }

#endif

#if !defined(__AVX2__)
INLINE ints in_order(ints x) { return x; }
#endif

#if !defined(HAS_MASKS)
/// Takes lanes `first` up to and excluding `end` from `x`, the others from `other`.
INLINE floats keep_range(floats x, int first, int end, floats other) {
    float in[16], out[16];
    store(in, x);
    store(out, other);
    for (int i = first; i < (end < 16 ? end : 16); i++) {
        out[i] = in[i];
    }
    return load(out);
}
#endif

#if defined(__AVX2__) && !defined(__AVX512F__)
/// Sixteen registers of eight lanes. The sums of a tile of floats nearly fill them, so a tile of few rows takes more
/// panels: otherwise each fma would wait for the one before. Tiles are about equally high, for the same reason.
enum { FEW_REGISTERS = 1 };
#else
enum { FEW_REGISTERS = 0 };
#endif

/// How many of the rows that are left the next tile of at most `most` rows takes, so that tiles are about equally high.
INLINE int even_share(int left, int most) {
    int tiles = (left + most - 1) / most;
    return (left + tiles - 1) / tiles;
}

#if defined(__x86_64__) && defined(__AVX2__)
/// Sums the lanes: adds lane i + 8 to lane i, then i + 4 to i, i + 2 to i and i + 1 to i.
INLINE float sum_tree(floats x) {
#if defined(__AVX512F__)
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
#else
    __m256 eight = _mm256_add_ps(x.a, x.b);
#endif
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// The greatest lane. The result is unspecified if a lane is NaN.
INLINE float greatest(floats x) {
#if defined(__AVX512F__)
    __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
#else
    __m256 eight = _mm256_max_ps(x.a, x.b);
#endif
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
INLINE float sum_tree(floats x) {
    float32x4_t four = vaddq_f32(vaddq_f32(x.at[0], x.at[2]), vaddq_f32(x.at[1], x.at[3]));
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

INLINE float greatest(floats x) {
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(x.at[0], x.at[1]), vmaxq_f32(x.at[2], x.at[3])));
}
#else
INLINE float sum_tree(floats x) {
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            x.at[i] += x.at[i + half];
        }
    }
    return x.at[0];
}

INLINE float greatest(floats x) {
    float most = x.at[0];
    LANES { most = x.at[i] > most ? x.at[i] : most; }
    return most;
}
#endif

/// `exp(x)` for `x <= 0`, with the same bits as dev.flover.engine.sampling.Exponential; `exp(-64)` where `x` is below
/// -64.
INLINE floats exponential(floats x) {
    floats rounder = splat(0x1.8p23f), argument = max_(splat(-64), x);
    floats n = sub(fma_(argument, splat(0x1.715476p0f), rounder), rounder);
    floats r = fma_(n, splat(-0x1.7f7d1cp-20f), fma_(n, splat(-0x1.62e4p-1f), argument));
    floats p = fma_(r, splat(1 / 5040.0f), splat(1 / 720.0f));
    p = fma_(p, r, splat(1 / 120.0f));
    p = fma_(p, r, splat(1 / 24.0f));
    p = fma_(p, r, splat(1 / 6.0f));
    p = fma_(p, r, splat(0.5f));
    p = fma_(p, r, splat(1));
    p = fma_(p, r, splat(1));
    return mul(p, power_of_two(n));
}

/// `tanh(x)`, computed as `(1 - e) / (1 + e)` with `e = exp(-2 |x|)` and the sign of `x`.
INLINE floats tangent(floats x) {
    floats e = exponential(mul(splat(-2), absolute(x)));
    return with_sign(div_(sub(splat(1), e), add(splat(1), e)), x);
}

/// Rounds x * inverse to integers: adding 1.5 * 2^23 leaves no bits for a fraction.
INLINE floats whole(floats x, floats inverse) {
    floats rounder = splat(0x1.8p23f);
    return sub(add(mul(x, inverse), rounder), rounder);
}
