// Random weights for benchmarks, generated on the device: uniform numbers with a given standard deviation, or random
// bits for quantised weights.
//
// Grid: as many blocks as fill the device; 256 threads, each of which writes 32-bit words in turn. Bound by memory.
#include "weight.cuh"

/// WeightGenerator.java has the same numbers.
enum RandomForm : int { RANDOM_F32 = 0, RANDOM_F16 = 1, RANDOM_BF16 = 2, RANDOM_BITS = 3, RANDOM_CONSTANT = 4 };

struct Randomising {
    uint32_t* to;        // [words]
    uint64_t words;
    uint64_t seed;
    int form;
    uint32_t constant;   // the word that RANDOM_CONSTANT repeats
    float deviation;
};

/// The output of SplitMix64 (Steele et al. 2014) for a counter.
__device__ __forceinline__ uint64_t mixed(uint64_t z) {
    z += 0x9E3779B97F4A7C15ULL;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
    return z ^ z >> 31;
}

/// A uniform number with mean 0 and this standard deviation.
__device__ __forceinline__ float uniform(uint32_t bits, float deviation) {
    constexpr float ROOT_OF_3 = 1.7320508F;
    return (static_cast<float>(bits >> 8) * 0x1p-23F - 1.0F) * (ROOT_OF_3 * deviation);
}

extern "C" __global__ void __launch_bounds__(256) randomise(Randomising r) {
    const uint64_t stride = static_cast<uint64_t>(gridDim.x) * blockDim.x;
    for (uint64_t at = static_cast<uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < r.words; at += stride) {
        uint64_t bits = mixed(r.seed ^ mixed(at));
        float low = uniform(static_cast<uint32_t>(bits), r.deviation);
        float high = uniform(static_cast<uint32_t>(bits >> 32), r.deviation);
        r.to[at] = r.form == RANDOM_F32 ? floatToBits(low)
                : r.form == RANDOM_F16 ? packF16(low, high)
                : r.form == RANDOM_BF16 ? packBf16(low, high)
                : r.form == RANDOM_BITS ? static_cast<uint32_t>(bits) : r.constant;
    }
}
