// What becomes of a product's outputs where they are queries, keys and values: rotary positions (Su et al. 2021) turn
// queries and keys; keys and values go to the blocks of the row's sequence, rounded to the cache's type.
//
// Groups of 32 outputs are dealt out so that what is turned together meets in one warp: 16 of a head's first half and
// the 16 that they are turned with, or neighbours.
#pragma once

#include "cache.cuh"
#include "plan.cuh"
#include "weight.cuh"

struct HeadStore {
    Cache cache;
    const float* turns;         // [positions][dims / 2][cos, sin] or null
    int layer;
    int heads;
    int dims;                   // leading dimensions that turn
    int halves;                 // 1: pairs are i and i + dims / 2, both multiples of 32; 0: 2i and 2i + 1
    int bfloat;                 // the cache's type: 1 for bf16, 0 for f16
    int unused;

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

    /// Stores one output of a row. All lanes of the group call it.
    ///
    /// @param queries [rows, (heads + 2 kvHeads) * headDim]; of it only queries are written
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

    /// As append.cuh turns them.
    __device__ __forceinline__ float turned(int position, int dim, float value, float other) const {
        const int pairs = dims / 2;
        const bool second = halves != 0 ? dim >= pairs : dim % 2 != 0;
        const int pair = halves != 0 ? dim % pairs : dim / 2;
        const float* turn = turns + (static_cast<size_t>(position) * pairs + pair) * 2;
        return second ? fmaf(other, turn[1], value * turn[0]) : fmaf(value, turn[0], -(other * turn[1]));
    }
};
