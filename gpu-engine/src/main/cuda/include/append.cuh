// Normalises query and key heads (RMS norm) where the model family does so, then rotates them by their positions (Su et
// al. 2021). Keys and values are rounded to the cache's type and written to the KV blocks of the row's sequence;
// queries are rotated in place.
//
// Sines and cosines come from a table [turn][pair] that the host computed in double.
//
// Grid: (rows, heads + 2 KV heads, or only one with latent vectors); 64 threads. Bound by memory; takes little time.
#pragma once

#include "cache.cuh"
#include "plan.cuh"

struct Append {
    float* queryKeyValue;       // [rows, (heads + 2 kvHeads) * headDim], or without values
    Cache cache;
    const float* queryNorm;     // [headDim] or null
    const float* keyNorm;       // [headDim] or null
    const float* turns;         // turn 0 of [turns][dims / 2][cos, sin], or null; negative turns are stored before it
    const int* plan;
    int layer;
    int heads;
    int dims;                   // how many leading dimensions of a head are rotated
    int halves;                 // 1: pairs are i and i + dims / 2; 0: 2i and 2i + 1
    float epsilon;
};

struct StoreF32 {
    static __device__ __forceinline__ void store(unsigned char* blocks, size_t at, float value) {
        reinterpret_cast<float*>(blocks)[at] = value;
    }
};

struct StoreF16 {
    static __device__ __forceinline__ void store(unsigned char* blocks, size_t at, float value) {
        reinterpret_cast<uint16_t*>(blocks)[at] = static_cast<uint16_t>(F16::pack(value, 0));
    }
};

struct StoreBf16 {
    static __device__ __forceinline__ void store(unsigned char* blocks, size_t at, float value) {
        reinterpret_cast<uint16_t*>(blocks)[at] = static_cast<uint16_t>(Bf16::pack(value, 0));
    }
};

/// Normalises and rotates one head in shared memory.
__device__ __forceinline__ void prepareHead(const Append& a, float* head, const float* norm, int at) {
    if (norm != nullptr) {
        float* partial = head + a.cache.headDim;
        float squares = 0;
        for (int i = threadIdx.x; i < a.cache.headDim; i += blockDim.x) {
            squares = fmaf(head[i], head[i], squares);
        }
        float factor = 1 / sqrtf(blockSum(squares, partial) / static_cast<float>(a.cache.headDim) + a.epsilon);
        for (int i = threadIdx.x; i < a.cache.headDim; i += blockDim.x) {
            head[i] = head[i] * factor * norm[i];
        }
        __syncthreads();
    }
    if (a.turns != nullptr) {
        const int pairs = a.dims / 2;
        for (int i = threadIdx.x; i < pairs; i += blockDim.x) {
            int first = a.halves != 0 ? i : 2 * i;
            int second = a.halves != 0 ? i + pairs : 2 * i + 1;
            const float* turn = a.turns + (static_cast<int64_t>(at) * pairs + i) * 2;
            float x = head[first];
            float y = head[second];
            head[first] = fmaf(x, turn[0], -(y * turn[1]));
            head[second] = fmaf(x, turn[1], y * turn[0]);
        }
        __syncthreads();
    }
}

template <class Store>
__device__ __forceinline__ void append(const Append& a) {
    const Plan plan{a.plan};
    const int row = blockIdx.x;
    if (row >= plan.live(PLAN_ROWS)) {
        return;
    }
    auto* head = reinterpret_cast<float*>(sharedMemory());    // [headDim], then 32 partial sums
    const int at = blockIdx.y;
    const int kvHeads = a.cache.kvHeads;
    const int home = plan.array(HOMES)[row];
    const int position = plan.array(POSITIONS)[row];
    const int turn = plan.array(TURNS)[row];
    float* from = a.queryKeyValue + (static_cast<size_t>(row) * (a.heads + a.cache.storedHeads()) + at)
            * a.cache.headDim;
    for (int i = threadIdx.x; i < a.cache.headDim; i += blockDim.x) {
        head[i] = from[i];
    }
    __syncthreads();
    if (at < a.heads) {
        prepareHead(a, head, a.queryNorm, turn);
        for (int i = threadIdx.x; i < a.cache.headDim; i += blockDim.x) {
            from[i] = head[i];
        }
    } else if (at < a.heads + kvHeads) {
        prepareHead(a, head, a.keyNorm, turn);
        size_t to = a.cache.keyAt(home, position, a.layer, at - a.heads);
        for (int i = threadIdx.x; i < a.cache.headDim; i += blockDim.x) {
            Store::store(a.cache.blocks, to + i, head[i]);
        }
    } else {
        size_t to = a.cache.valueAt(home, position, a.layer, at - a.heads - kvHeads);
        for (int i = threadIdx.x; i < a.cache.headDim; i += blockDim.x) {
            Store::store(a.cache.blocks, to + static_cast<size_t>(i) * a.cache.blockTokens, head[i]);
        }
    }
}
