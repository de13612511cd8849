// RMS norm: x / sqrt(mean(x^2) + e) * w        layer norm: (x - mean(x)) / sqrt(var(x) + e) * w + b
// (Zhang and Sennrich 2019; Ba et al. 2016), over whole rows or over each head of a row.
//
// Grid: (rows, units of a row); 256 threads. Sums are in the order of norm.cuh, which depends only on the width. Bound
// by memory.
#include "operand.cuh"
#include "plan.cuh"

struct Normalisation {
    Tensor out;               // [rows, units * width], or wider rows of which a range is normalised; may be `in`
    const float* in;
    const float* weight;      // [width]
    const float* bias;        // [width] or null
    const int* plan;
    int counter;
    int width;
    int stride;               // columns of a row, of which a range may be normalised alone
    int layer;                // 1: layer norm, 0: RMS norm
    float epsilon;
};

/// The sum of `term` over a row's columns, in every thread.
///
/// @param sums shared memory for [normPieces(width)]
template <class Term>
__device__ __forceinline__ float rowSum(int width, float* sums, Term term) {
    __syncthreads();
    for (int i = threadIdx.x; i < normPieces(width) * NORM_PIECE; i += blockDim.x) {
        float sum = warpSum(i < width ? term(i) : 0);
        if (i % NORM_PIECE == 0) {
            sums[i / NORM_PIECE] = sum;
        }
    }
    __syncthreads();
    return sumOfPieces(sums, width);
}

extern "C" __global__ void __launch_bounds__(256) normalise(Normalisation n) {
    if (static_cast<int>(blockIdx.x) >= Plan{n.plan}.live(n.counter)) {
        return;
    }
    auto* sums = reinterpret_cast<float*>(sharedMemory());
    const size_t first = static_cast<size_t>(blockIdx.x) * n.stride + blockIdx.y * n.width;
    float mean = 0;
    if (n.layer != 0) {
        mean = rowSum(n.width, sums, [&](int i) { return n.in[first + i]; }) / static_cast<float>(n.width);
    }
    float squares = rowSum(n.width, sums, [&](int i) {
        float x = n.in[first + i] - mean;
        return x * x;
    });
    float factor = normFactor(squares, n.width, n.epsilon);
    for (int i = threadIdx.x; i < n.width; i += blockDim.x) {
        float x = (n.in[first + i] - mean) * factor * n.weight[i];
        store(n.out, first + i, n.bias == nullptr ? x : x + n.bias[i]);
    }
}
