// out = in * weightᵀ for weights in bf16 and activations that are rounded to bf16.
//
//   out[r, o] = sum over chunks of 256 inputs, in order:  (chain over the chunk, from zero)
//   chain:      sum = fma(w[k + 1], x[k + 1], sum);  sum = fma(w[k], x[k], sum);     for k = 0, 2, 4, ...
//
// This is the order in which AVX-512's instruction for bf16 (vdpbf16ps) adds two products to a sum. A product of two
// bf16 numbers is exact in f32, so each of its additions rounds once, as an fma does.
//
// That instruction takes subnormal numbers for zero, in its inputs and in its results; other instructions do not. So
// numbers are kept away from them: weights and activations below LEAST in magnitude are zero. All others are multiples
// of 2^-63, as bf16 has 8 bits of precision; so are their products of 2^-126, and all sums, rounded or not. Hence no
// sum is subnormal: the smallest normal number is 2^-126.
//
// A panel has words of two weights, of inputs k (lower half) and k + 1:
//
//   panel ─► k0,k1 [o0 .. o15], k2,k3 [o0 .. o15], ...

#include "project_floats.h"

#if defined(HAS_BF16_DOT)
#define AS BF16_WORDS
static const float LEAST = 0x1p-56f;

/// Whether the instruction adds its products one after the other, each with one rounding, as AMD's and Intel's manuals
/// say. Tries random numbers of different sizes.
int KERNEL(is_exact)(void) {
    uint64_t state = 20261201;
    for (int round = 0; round < 256; round++) {
        uint32_t numbers[3][16];
        for (int i = 0; i < 3 * 16; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            uint32_t random = (uint32_t)(state >> 32);
            // a sign, an exponent of -5 to 2 and a fraction; in words, of both numbers
            numbers[i / 16][i % 16] = (random & 0x83FF83FF) + 0x3D003D00;
        }
        ints weights = load_ints(numbers[0]), others = load_ints(numbers[1]);
        floats sum = load((const float *)numbers[2]);
        floats expected = fma_(upper_bf16(weights), upper_bf16(others), sum);
        expected = fma_(lower_bf16(weights), lower_bf16(others), expected);
        floats found = bf16_dot(sum, load((const float *)numbers[0]), load((const float *)numbers[1]));
        if (memcmp(&expected, &found, sizeof found)) {
            return 0;
        }
    }
    return 1;
}

/// Rounds activations to bf16.
///
/// @param in  [rows][columns], columns a multiple of 32
/// @param out [rows][columns] bf16
void KERNEL(round_to_bf16)(const float *in, int columns, int rows, void *out) {
    for (long i = 0; i < (long)rows * columns; i += 16) {
        store_bf16((uint16_t *)out + i, without_tiny(load(in + i), LEAST));
    }
}
#else
#define AS BF16
static const uint32_t LEAST = 0x23800000;       // the bits of 2^-56

/// Rounds activations to bf16, and exchanges the numbers of each pair, so that the first is the first to be multiplied.
///
/// @param in  [rows][columns], columns a multiple of 32
/// @param out [rows][columns] f32
void KERNEL(round_to_bf16)(const float *in, int columns, int rows, void *out) {
    for (long i = 0; i < (long)rows * columns; i += 16) {
        uint32_t bits[16];
        uint64_t pairs[8];
        memcpy(bits, in + i, sizeof bits);
        for (int j = 0; j < 16; j++) {
            uint32_t magnitude = bits[j] & 0x7FFFFFFF, rounded = bits[j] + 0x7FFF + (bits[j] >> 16 & 1);
            rounded = magnitude > 0x7F800000 ? bits[j] | 0x400000 : rounded;        // NaN stays NaN
            bits[j] = magnitude < LEAST ? 0 : rounded & 0xFFFF0000;
        }
        memcpy(pairs, bits, sizeof pairs);
        for (int j = 0; j < 8; j++) {
            pairs[j] = pairs[j] << 32 | pairs[j] >> 32;
        }
        memcpy((float *)out + i, pairs, sizeof pairs);
    }
}
#endif

/// @param in activations as round_to_bf16 writes them
void KERNEL(project_bf16)(
        const void *weights, int inputs, int shards, int outputs, const float *in, int rows, float *out, int stride,
        const float *bias, int accumulate, int first, int end) {
    product p = {weights, AS == BF16_WORDS ? inputs / 2 : inputs, shards, outputs, stride, in, out, bias, accumulate};
    panels_of(&p, first, end, rows, AS);
}
