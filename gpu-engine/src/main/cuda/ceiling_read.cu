// The peak rate at which this device reads memory outside all caches: 16 bytes a load, four loads in flight a thread.
// For benchmarks.
//
// Grid: as many blocks as fill the device; 512 threads. Bound by memory.
#include "device.cuh"

struct Reading {
    const unsigned char* from;   // [bytes]
    uint64_t bytes;              // a multiple of 64
    // written only if all words together give one odd number, so that the compiler removes no load
    uint32_t* sink;
};

/// Combines all four words: a compiler loads only words that are used.
__device__ __forceinline__ uint32_t allOf(Word4 v) {
    return v.x ^ v.y ^ v.z ^ v.w;
}

extern "C" __global__ void __launch_bounds__(512) ceiling_read(Reading r) {
    constexpr uint32_t NEVER = 0x9E3779B9U;
    const uint64_t stride = static_cast<uint64_t>(gridDim.x) * blockDim.x * 16;
    uint32_t all = 0;
    uint64_t at = (static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * 16;
    for (; at + 3 * stride + 16 <= r.bytes; at += 4 * stride) {
        Word4 a = loadStreaming(r.from + at);
        Word4 b = loadStreaming(r.from + at + stride);
        Word4 c = loadStreaming(r.from + at + 2 * stride);
        Word4 d = loadStreaming(r.from + at + 3 * stride);
        all ^= allOf(a) ^ allOf(b) ^ allOf(c) ^ allOf(d);
    }
    for (; at + 16 <= r.bytes; at += stride) {
        all ^= allOf(loadStreaming(r.from + at));
    }
    if (all == NEVER) {
        *r.sink = all;
    }
}
