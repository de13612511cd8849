// RMS norm: x / sqrt(mean(x^2) + e) * w        layer norm: (x - mean(x)) / sqrt(var(x) + e) * w + b
// (Zhang and Sennrich 2019; Ba et al. 2016), over whole rows or over each head of a row.
//
// Grid: (rows, units of a row); 256 threads. A thread sums every 256th column, blockSum adds the threads: an order that
// depends on the width alone. Bound by memory.
#include "operand.cuh"
#include "plan.cuh"

struct Normalisation {
    Tensor out;               // [rows, units * width]; may be `in`
    const float* in;
    const float* weight;      // [width]
    const float* bias;        // [width] or null
    const int* plan;
    int counter;
    int width;
    int layer;                // 1: layer norm, 0: RMS norm
    float epsilon;
};

extern "C" __global__ void __launch_bounds__(256) normalise(Normalisation n) {
    if (static_cast<int>(blockIdx.x) >= Plan{n.plan}.live(n.counter)) {
        return;
    }
    auto* partial = reinterpret_cast<float*>(sharedMemory());
    const size_t first = (static_cast<size_t>(blockIdx.x) * gridDim.y + blockIdx.y) * n.width;
    float mean = 0;
    if (n.layer != 0) {
        float sum = 0;
        for (int i = threadIdx.x; i < n.width; i += blockDim.x) {
            sum += n.in[first + i];
        }
        mean = blockSum(sum, partial) / static_cast<float>(n.width);
    }
    float squares = 0;
    for (int i = threadIdx.x; i < n.width; i += blockDim.x) {
        float x = n.in[first + i] - mean;
        squares = fmaf(x, x, squares);
    }
    float factor = 1 / sqrtf(blockSum(squares, partial) / static_cast<float>(n.width) + n.epsilon);
    for (int i = threadIdx.x; i < n.width; i += blockDim.x) {
        float x = (n.in[first + i] - mean) * factor * n.weight[i];
        store(n.out, first + i, n.bias == nullptr ? x : x + n.bias[i]);
    }
}
