// Sums over rows, for norms, in an order that all kernels share. A row is cut into pieces of 32 columns, and a piece is
// summed by a butterfly over the lanes of a warp. Lane l adds the pieces l, l + 32, ..., and a butterfly adds the
// lanes. So a product that reads the pieces' sums, which the writer of the row left, gives the same bits as the norm's
// own kernel.
#pragma once

#include "device.cuh"

constexpr int NORM_PIECE = WARP;

__device__ __forceinline__ int normPieces(int columns) {
    return (columns + NORM_PIECE - 1) / NORM_PIECE;
}

/// The sum of a row's pieces, in every lane. All lanes must call it.
__device__ __forceinline__ float sumOfPieces(const float* sums, int columns) {
    constexpr int AHEAD = 4;    // loads in flight before their additions
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

/// The factor 1 / sqrt(mean square + epsilon) of a row.
__device__ __forceinline__ float normFactor(float squares, int columns, float epsilon) {
    return 1 / sqrtf(squares / static_cast<float>(columns) + epsilon);
}
