// Sums over rows, for norms, in one order wherever they are computed: a row is cut in pieces of 32 columns; a piece is
// summed by a butterfly over the lanes of a warp; lane l adds the pieces l, l + 32, ..., and a butterfly adds the
// lanes. So a product that takes the pieces from whoever wrote the row gives the bits of the norm's own kernel.
#pragma once

#include "device.cuh"

constexpr int NORM_PIECE = WARP;

__device__ __forceinline__ int normPieces(int columns) {
    return (columns + NORM_PIECE - 1) / NORM_PIECE;
}

/// The sum of a row's pieces, in every lane. All lanes call it.
__device__ __forceinline__ float sumOfPieces(const float* sums, int columns) {
    constexpr int AHEAD = 4;    // loads under way before their sums
    const int pieces = normPieces(columns);
    float sum = 0;
    for (int first = threadIdx.x % WARP; first < pieces; first += AHEAD * WARP) {
        float next[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; k++) {
            next[k] = first + k * WARP < pieces ? sums[first + k * WARP] : 0;
        }
#pragma unroll
        for (int k = 0; k < AHEAD; k++) {
            sum = first + k * WARP < pieces ? sum + next[k] : sum;
        }
    }
    return warpSum(sum);
}

/// What a row is multiplied by.
__device__ __forceinline__ float normFactor(float squares, int columns, float epsilon) {
    return 1 / sqrtf(squares / static_cast<float>(columns) + epsilon);
}
