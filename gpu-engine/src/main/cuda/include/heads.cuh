// Stores outputs of a product that are queries, keys and values: rotates queries and keys by their positions (Su et al.
// 2021), rounds keys and values to the cache's type, and writes them to the KV blocks of the row's sequence.
//
// Groups of 32 outputs are chosen so that two dimensions that are rotated together are in one warp: 16 dimensions of a
// head's first half and their 16 partners, or neighbouring dimensions.
#pragma once

#include "cache.cuh"
#include "plan.cuh"
#include "weight.cuh"

struct HeadStore {
    Cache cache;
    const float* turns;         // [positions][dims / 2][cos, sin] or null
    int layer;
    int heads;
    int dims;                   // how many leading dimensions of a head are rotated
    int halves;                 // 1: pairs are i and i + dims / 2, both multiples of 32; 0: 2i and 2i + 1
    int bfloat;                 // the cache's type: 1 for bf16, 0 for f16
    int unused;

    // The tile of 16 outputs that is half 0 or 1 of a group of 32.
    __device__ __forceinline__ int tileOf(int group, int half) const {
        if (halves == 0) {
            return 2 * group + half;
        }
        const int tiles = cache.headDim / TILE_OUTPUTS;
        const int turned = dims / TILE_OUTPUTS;
        const int first = group / (tiles / 2) * tiles;
        const int inHead = group % (tiles / 2);
        return inHead < turned / 2 ? first + inHead + half * (turned / 2) : first + 2 * inHead + half;
    }

    /// Stores one output of a row. All lanes of the group must call it.
    ///
    /// @param queries [rows, (heads + 2 kvHeads) * headDim]; only its queries are written
    __device__ __forceinline__ void store(
            const int* words, float* queries, int row, int output, bool inside, float value) const {
        const Plan plan{words};
        const int head = output / cache.headDim;
        const int dim = output % cache.headDim;
        const int position = plan.array(POSITIONS)[row];
        if (turns != nullptr) {
            float other = shuffleXor(value, halves != 0 ? TILE_OUTPUTS : 1);
            if (dim < dims && head < heads + cache.kvHeads) {
                value = turned(position, dim, value, other);
            }
        }
        if (!inside) {
            return;
        }
        if (head < heads) {
            queries[static_cast<size_t>(row) * (heads + 2 * cache.kvHeads) * cache.headDim + output] = value;
            return;
        }
        const int home = plan.array(HOMES)[row];
        const int kvHead = (head - heads) % cache.kvHeads;
        size_t to = head < heads + cache.kvHeads
                ? cache.keyAt(home, position, layer, kvHead) + dim
                : cache.valueAt(home, position, layer, kvHead) + static_cast<size_t>(dim) * cache.blockTokens;
        reinterpret_cast<uint16_t*>(cache.blocks)[to] =
                static_cast<uint16_t>(bfloat != 0 ? Bf16::pack(value, 0) : F16::pack(value, 0));
    }

    /// Rotates one dimension, in the arithmetic of append.cuh. `other` is its partner's value.
    __device__ __forceinline__ float turned(int position, int dim, float value, float other) const {
        const int pairs = dims / 2;
        const bool second = halves != 0 ? dim >= pairs : dim % 2 != 0;
        const int pair = halves != 0 ? dim % pairs : dim / 2;
        const float* turn = turns + (static_cast<size_t>(position) * pairs + pair) * 2;
        return second ? fmaf(other, turn[1], value * turn[0]) : fmaf(value, turn[0], -(other * turn[1]));
    }
};
