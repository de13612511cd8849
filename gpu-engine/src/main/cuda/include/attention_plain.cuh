// Attention without tensor cores, over a cache of any type: softmax over splits of 256 positions, which are merged in
// order. For models in f32, and for latent attention, whose heads are wider than the kernels on tensor cores allow.
//
// Grid: (rows, heads); 128 threads. A thread computes the scores of two positions of a split, then every 128th
// dimension of the output. Bound by arithmetic.
#pragma once

#include "attention.cuh"

constexpr int PLAIN_ATTENTION_THREADS = 128;

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

struct LoadF32 {
    static __device__ __forceinline__ float load(const unsigned char* blocks, size_t at) {
        return reinterpret_cast<const float*>(blocks)[at];
    }
};

struct LoadF16 {
    static __device__ __forceinline__ float load(const unsigned char* blocks, size_t at) {
        return unpackF16(reinterpret_cast<const uint16_t*>(blocks)[at]);
    }
};

struct LoadBf16 {
    static __device__ __forceinline__ float load(const unsigned char* blocks, size_t at) {
        return unpackBf16(reinterpret_cast<const uint16_t*>(blocks)[at]);
    }
};

/// The score of a query with the key at an index of the cache, times log2(e).
template <class Load>
__device__ __forceinline__ float scorePlain(const Attention& a, const float* query, size_t key) {
    float product = 0;
    for (int dim = 0; dim < a.cache.headDim; dim++) {
        product = fmaf(query[dim], Load::load(a.cache.blocks, key + dim), product);
    }
    float score = product * a.scale;
    if (a.softCap != 0) {
        score = a.softCap * tanhf(score / a.softCap);
    }
    return score * LOG2_E;
}

/// The index of a value's first dimension; the other dimensions follow `valueStride` elements apart.
__device__ __forceinline__ size_t plainValueAt(const Attention& a, int home, int at, int kvHead) {
    return a.cache.latent > 0
            ? a.cache.keyAt(home, at, a.layer, kvHead) + a.cache.headDim - a.cache.latent
            : a.cache.valueAt(home, at, a.layer, kvHead);
}

template <class Load>
__device__ __forceinline__ void attentionPlain(const Attention& a) {
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
    const int valueDim = a.cache.latent > 0 ? a.cache.latent : headDim;
    const int valueStride = a.cache.latent > 0 ? 1 : a.cache.blockTokens;
    auto* weights = reinterpret_cast<float*>(sharedMemory());    // [256]
    float* partial = weights + SPLIT;                            // [32]
    float* out = partial + WARP;                                 // [valueDim]
    const float* query = a.queryKeyValue
            + (static_cast<size_t>(row) * (a.heads + a.cache.storedHeads()) + head) * headDim;
    for (int dim = threadIdx.x; dim < valueDim; dim += PLAIN_ATTENTION_THREADS) {
        out[dim] = 0;
    }
    float greatest = firstGreatest(a, head);
    float sum = a.sinks == nullptr ? 0 : 1;
    const int seen = a.window > 0 ? max(0, position - a.window + 1) : 0;
    for (int split = seen / SPLIT; split <= position / SPLIT; split++) {
        float splitGreatest = noScore();
        for (int i = threadIdx.x; i < SPLIT; i += PLAIN_ATTENTION_THREADS) {
            int at = split * SPLIT + i;
            weights[i] = at >= seen && at <= position
                    ? scorePlain<Load>(a, query, a.cache.keyAt(home, at, a.layer, kvHead))
                    : noScore();
            splitGreatest = fmaxf(splitGreatest, weights[i]);
        }
        splitGreatest = blockMax(splitGreatest, partial);
        float splitSum = 0;
        for (int i = threadIdx.x; i < SPLIT; i += PLAIN_ATTENTION_THREADS) {
            weights[i] = exp2f(weights[i] - splitGreatest);
            splitSum += weights[i];
        }
        splitSum = blockSum(splitSum, partial);
        Merge m = merge(greatest, sum, splitGreatest, splitSum);
        greatest = m.greatest;
        sum = m.sum;
        for (int dim = threadIdx.x; dim < valueDim; dim += PLAIN_ATTENTION_THREADS) {
            float value = 0;
            for (int at = max(seen, split * SPLIT); at <= min(position, split * SPLIT + SPLIT - 1); at++) {
                size_t v = plainValueAt(a, home, at, kvHead) + static_cast<size_t>(dim) * valueStride;
                value = fmaf(weights[at % SPLIT], Load::load(a.cache.blocks, v), value);
            }
            out[dim] = fmaf(value, m.added, out[dim] * m.kept);
        }
        __syncthreads();
    }
    for (int dim = threadIdx.x; dim < valueDim; dim += PLAIN_ATTENTION_THREADS) {
        store(a.out, (static_cast<size_t>(row) * a.heads + head) * valueDim + dim, out[dim] / sum);
    }
}
