// Attention over a cache of f32, for tests of correctness: softmax over splits of 256 positions, which are merged in
// order.
//
// Grid: (rows, heads); 128 threads. A thread computes the scores of two positions of a split, then every 128th
// dimension of the output. Bound by arithmetic.
#include "attention.cuh"

constexpr int F32_ATTENTION_THREADS = 128;

__device__ __forceinline__ float blockMax(float value, float* partial) {
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        value = fmaxf(value, shuffleXor(value, mask));
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
        partial[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    for (unsigned warp = 0; warp < blockDim.x / WARP; warp++) {
        value = fmaxf(value, partial[warp]);
    }
    return value;
}

/// The score of a query with the key at a position, times log2(e).
__device__ __forceinline__ float scoreF32(const Attention& a, const float* query, const float* key) {
    float product = 0;
    for (int dim = 0; dim < a.cache.headDim; dim++) {
        product = fmaf(query[dim], key[dim], product);
    }
    float score = product * a.scale;
    if (a.softCap != 0) {
        score = a.softCap * tanhf(score / a.softCap);
    }
    return score * LOG2_E;
}

extern "C" __global__ void __launch_bounds__(F32_ATTENTION_THREADS) attention_f32(Attention a) {
    const Plan plan{a.plan};
    const int row = blockIdx.x;
    if (row >= plan.live(PLAN_ROWS)) {
        return;
    }
    const int head = blockIdx.y;
    const int headDim = a.cache.headDim;
    const int kvHead = head / (a.heads / a.cache.kvHeads);
    const int home = plan.array(HOMES)[row];
    const int position = plan.array(POSITIONS)[row];
    const auto* cached = reinterpret_cast<const float*>(a.cache.blocks);
    auto* weights = reinterpret_cast<float*>(sharedMemory());    // [256]
    float* partial = weights + SPLIT;                            // [32]
    float* out = partial + WARP;                                 // [headDim]
    const float* query = a.queryKeyValue
            + (static_cast<size_t>(row) * (a.heads + 2 * a.cache.kvHeads) + head) * headDim;
    for (int dim = threadIdx.x; dim < headDim; dim += F32_ATTENTION_THREADS) {
        out[dim] = 0;
    }
    float greatest = noScore();
    float sum = 0;
    const int seen = a.window > 0 ? max(0, position - a.window + 1) : 0;
    for (int split = seen / SPLIT; split <= position / SPLIT; split++) {
        float splitGreatest = noScore();
        for (int i = threadIdx.x; i < SPLIT; i += F32_ATTENTION_THREADS) {
            int at = split * SPLIT + i;
            weights[i] = at >= seen && at <= position
                    ? scoreF32(a, query, cached + a.cache.keyAt(home, at, a.layer, kvHead))
                    : noScore();
            splitGreatest = fmaxf(splitGreatest, weights[i]);
        }
        splitGreatest = blockMax(splitGreatest, partial);
        float splitSum = 0;
        for (int i = threadIdx.x; i < SPLIT; i += F32_ATTENTION_THREADS) {
            weights[i] = exp2f(weights[i] - splitGreatest);
            splitSum += weights[i];
        }
        splitSum = blockSum(splitSum, partial);
        Merge m = merge(greatest, sum, splitGreatest, splitSum);
        greatest = m.greatest;
        sum = m.sum;
        for (int dim = threadIdx.x; dim < headDim; dim += F32_ATTENTION_THREADS) {
            float value = 0;
            for (int at = max(seen, split * SPLIT); at <= min(position, split * SPLIT + SPLIT - 1); at++) {
                size_t v = a.cache.valueAt(home, at, a.layer, kvHead) + static_cast<size_t>(dim) * a.cache.blockTokens;
                value = fmaf(weights[at % SPLIT], cached[v], value);
            }
            out[dim] = fmaf(value, m.added, out[dim] * m.kept);
        }
        __syncthreads();
    }
    for (int dim = threadIdx.x; dim < headDim; dim += F32_ATTENTION_THREADS) {
        store(a.out, (static_cast<size_t>(row) * a.heads + head) * headDim + dim, out[dim] / sum);
    }
}
