// out = in * weight^T in f32, for tests of correctness: one fma for each column, in order; shards are added in a binary
// tree.
//
// Grid: (rows / 16, outputs / 32); 128 threads, each of which computes one output of four rows. Bound by arithmetic.
#include "plan.cuh"
#include "weight.cuh"

struct ProjectionF32 {
    Weight weight;
    const float* in;      // [rows, inputs]
    float* out;           // [rows, outputs]
    const float* bias;    // [outputs] or null
    const int* plan;
    int counter;
    int adds;
};

constexpr int F32_ROWS = 16;
constexpr int F32_COLUMNS = 32;
constexpr int F32_THREADS = 128;
constexpr int F32_OUTPUTS = 32;
constexpr int THREAD_ROWS = 4;

/// Adds one shard's sum to a binary tree, in the order in which shards come: tree[level] holds the sum of 2^level
/// shards, as a binary counter's carries do.
///
/// @param tree   this element's sums, [log2(count)] at distance `stride`
/// @return       the total, after the last shard
__device__ __forceinline__ float addToTree(float* tree, int stride, int part, int count, float value) {
    int level = 0;
    while ((part >> level & 1) != 0) {
        value = tree[level * stride] + value;
        level++;
    }
    if (part < count - 1) {
        tree[level * stride] = value;
    }
    return value;
}

__device__ __forceinline__ void multiplyF32(const ProjectionF32& p, int live) {
    const int firstRow = blockIdx.x * F32_ROWS;
    if (firstRow >= live) {
        return;
    }
    const int firstOutput = blockIdx.y * F32_OUTPUTS;
    auto* weights = reinterpret_cast<float*>(sharedMemory());                 // [32 outputs][33]
    float* inputs = weights + F32_OUTPUTS * (F32_COLUMNS + 1);              // [16 rows][32]
    float* trees = inputs + F32_ROWS * F32_COLUMNS;                           // [log2(shards)][4][128]
    const int output = threadIdx.x % F32_OUTPUTS;
    const int row = threadIdx.x / F32_OUTPUTS * THREAD_ROWS;
    float totals[THREAD_ROWS] = {};
    for (int shard = 0; shard < p.weight.shards; shard++) {
        float sums[THREAD_ROWS] = {};
        for (int column = 0; column < p.weight.shardInputs; column += F32_COLUMNS) {
            int count = min(F32_COLUMNS, p.weight.shardInputs - column);
            int from = shard * p.weight.shardInputs + column;
            __syncthreads();
            for (int i = threadIdx.x; i < F32_OUTPUTS * F32_COLUMNS; i += F32_THREADS) {
                int o = firstOutput + i / F32_COLUMNS;
                int k = i % F32_COLUMNS;
                weights[i / F32_COLUMNS * (F32_COLUMNS + 1) + k] = o < p.weight.outputs && k < count
                        ? reinterpret_cast<const float*>(p.weight.values)[
                                static_cast<size_t>(o) * p.weight.inputs + from + k]
                        : 0;
            }
            for (int i = threadIdx.x; i < F32_ROWS * F32_COLUMNS; i += F32_THREADS) {
                int r = firstRow + i / F32_COLUMNS;
                int k = i % F32_COLUMNS;
                inputs[i] = r < live && k < count ? p.in[static_cast<size_t>(r) * p.weight.inputs + from + k] : 0;
            }
            __syncthreads();
            for (int k = 0; k < count; k++) {
                float w = weights[output * (F32_COLUMNS + 1) + k];
#pragma unroll
                for (int i = 0; i < THREAD_ROWS; i++) {
                    sums[i] = fmaf(w, inputs[(row + i) * F32_COLUMNS + k], sums[i]);
                }
            }
        }
#pragma unroll
        for (int i = 0; i < THREAD_ROWS; i++) {
            totals[i] = p.weight.shards == 1
                    ? sums[i]
                    : addToTree(trees + i * F32_THREADS + threadIdx.x, THREAD_ROWS * F32_THREADS, shard,
                            p.weight.shards, sums[i]);
        }
    }
#pragma unroll
    for (int i = 0; i < THREAD_ROWS; i++) {
        int o = firstOutput + output;
        if (firstRow + row + i < live && o < p.weight.outputs) {
            float value = p.bias == nullptr ? totals[i] : totals[i] + p.bias[o];
            float* at = p.out + static_cast<size_t>(firstRow + row + i) * p.weight.outputs + o;
            *at = p.adds != 0 ? *at + value : value;
        }
    }
}

extern "C" __global__ void __launch_bounds__(F32_THREADS) project_f32(ProjectionF32 p) {
    multiplyF32(p, Plan{p.plan}.live(p.counter));
}

/// The f32 twin of `struct ExpertProjection` in project.cuh.
struct ExpertProjectionF32 {
    ProjectionF32 product;
    const unsigned char* const* values;    // [experts]
    const int* firstPlaces;                // [experts + 1]
};

/// Grid: (rows / 16, outputs / 32, experts)
extern "C" __global__ void __launch_bounds__(F32_THREADS) project_experts_f32(ExpertProjectionF32 e) {
    const int expert = blockIdx.z;
    const int first = e.firstPlaces[expert];
    ProjectionF32 p = e.product;
    p.weight.values = e.values[expert];
    p.in += static_cast<size_t>(first) * p.weight.inputs;
    p.out += static_cast<size_t>(first) * p.weight.outputs;
    p.bias = p.bias == nullptr ? nullptr : p.bias + static_cast<size_t>(expert) * p.weight.outputs;
    multiplyF32(p, e.firstPlaces[expert + 1] - first);
}
