// The layout of weight matrices on the device: the order in which tensor-core fragments are loaded, so that a warp
// streams them from memory directly into registers, 512 contiguous bytes at a time, without shared memory.
//
//   rows in tiles of 16, padded to 32; columns cut in `shards` equal pieces, each padded with zeros to a multiple of 64
//
//   F32   [outputs][inputs], as stored
//   F16   [tile][32 columns][2 steps][lane][8 halfs]        BF16 the same
//   Q8    [tile][32 columns][lane][2 steps][8 bytes]        value + 128; scales f16 [tile][64 columns][8][2][2]
//   Q4    [tile][64 columns][lane][4 steps][8 nibbles]      scales and offsets f16 x 2, same order
//
// In a block of 32 columns, lane (g, t) = (lane / 4, lane % 4) holds columns 8t to 8t + 7 of rows g and g + 8. Step j
// processes columns 8t + 4j to 8t + 4j + 3. Activations are read with the same permutation of columns, so the sum is
// the same.
#pragma once

#include "device.cuh"

/// Storage.java has the same numbers.
enum Storage : int { STORE_F32 = 0, STORE_F16 = 1, STORE_BF16 = 2, STORE_Q8 = 3, STORE_Q4 = 4 };

constexpr int TILE_OUTPUTS = 16;
constexpr int CHUNK = 64;    // columns that a warp processes at a time

/// A weight matrix [outputs, inputs].
struct Weight {
    const unsigned char* values;
    const unsigned char* scales;    // null unless Q8 or Q4
    int storage;
    int outputs;
    int inputs;
    int shards;
    int shardInputs;                // inputs / shards
    int shardChunks;                // padded: ceil(shardInputs / 64)
};

/// Reads one element, for the embedding. Too slow for products.
__device__ inline float element(const Weight& w, int output, int input) {
    if (w.storage == STORE_F32) {
        return reinterpret_cast<const float*>(w.values)[static_cast<size_t>(output) * w.inputs + input];
    }
    int column = input / w.shardInputs * w.shardChunks * CHUNK + input % w.shardInputs;
    int g = output % 8;
    int high = output % TILE_OUTPUTS / 8;
    int lane = g * 4 + column % 32 / 8;
    int step = column % 8 / 4;
    int slot = (column % 4 / 2 * 2 + high) * 2 + column % 2;    // which of the lane's eight values of the step
    size_t chunk = static_cast<size_t>(output / TILE_OUTPUTS) * w.shards * w.shardChunks + column / CHUNK;
    int half = column % CHUNK / 32;
    if (w.storage == STORE_F16 || w.storage == STORE_BF16) {
        size_t at = (((chunk * 2 + half) * 2 + step) * WARP + lane) * 8 + slot;
        uint16_t bits = reinterpret_cast<const uint16_t*>(w.values)[at];
        return w.storage == STORE_F16 ? unpackF16(bits) : unpackBf16(bits);
    }
    const auto* scales = reinterpret_cast<const uint16_t*>(w.scales);
    size_t group = (chunk * 8 + g) * 4 + high * 2 + half;
    if (w.storage == STORE_Q8) {
        int value = w.values[((chunk * 2 + half) * WARP + lane) * 16 + step * 8 + slot];
        return unpackF16(scales[group]) * static_cast<float>(value - 128);
    }
    uint32_t word = reinterpret_cast<const uint32_t*>(w.values)[(chunk * WARP + lane) * 4 + half * 2 + step];
    auto nibble = static_cast<float>(word >> (4 * (slot / 2 + slot % 2 * 4)) & 15U);
    return fmaf(unpackF16(scales[2 * group]), nibble, unpackF16(scales[2 * group + 1]));
}
