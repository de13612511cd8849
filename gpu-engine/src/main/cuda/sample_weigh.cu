// The second of three kernels that draw tokens (sample.cuh): computes the integer mass of every token, the sum and
// count of masses between every two powers of two, and the softmax's denominator where logprobs are reported.
//
// Sums of 24-bit significands are accumulated in shared memory in two halves: a 32-bit addition is one instruction
// there, but a 64-bit addition is a loop in which lanes with the same address wait for each other.
//
// Grid: (samples, parts of the vocabulary); 512 threads. Bound by additions to shared memory.
#include "sample.cuh"

constexpr int HALF_BITS = 12;
constexpr uint32_t HALF_MASK = (1U << HALF_BITS) - 1;

static_assert(static_cast<uint64_t>(PART_TOKENS) << HALF_BITS <= 0xFFFFFFFFU, "a half's sum has 32 bits");

struct WeighShared {
    uint64_t partial[SAMPLE_WARPS];
    uint32_t low[MASS_EXPONENTS];
    uint32_t high[MASS_EXPONENTS];
    uint32_t count[MASS_EXPONENTS];
};

/// Adds a mass to the sums of its exponent. The significand is 1.m times 2^23; for masses below 2^24 its last bits are
/// 0.
__device__ __forceinline__ void addMass(WeighShared& shared, float mass) {
    const int exponent = exponentOf(mass);
    if (exponent > 0) {
        uint32_t significand = (floatToBits(mass) & 0x7FFFFFU) | 0x800000U;
        addAtomic(shared.low + exponent, significand & HALF_MASK);
        addAtomic(shared.high + exponent, significand >> HALF_BITS);
        addAtomic(shared.count + exponent, 1U);
    }
}

__device__ __forceinline__ uint64_t massOfExponent(const WeighShared& shared, int exponent) {
    uint64_t significands = (static_cast<uint64_t>(shared.high[exponent]) << HALF_BITS) + shared.low[exponent];
    int shift = exponent - 1 - MANTISSA_BITS;
    return shift >= 0 ? significands << shift : significands >> -shift;
}

extern "C" __global__ void __launch_bounds__(SAMPLE_THREADS, 3) sample_weigh(Sampling s) {
    const Plan plan{s.plan};
    if (static_cast<int>(blockIdx.x) >= plan.live(PLAN_SAMPLES)) {
        return;
    }
    auto& shared = *reinterpret_cast<WeighShared*>(sharedMemory());
    const SampleRow row(s, plan, blockIdx.x);
    const bool reports = row.scores() || row.state->topLogprobs >= 0;
    if ((!row.draws() && !reports) || !row.allFinite()) {
        return;
    }
    SamplePart& part = row.parts[blockIdx.y];
    const int first = blockIdx.y * PART_TOKENS;
    const int end = min(first + PART_TOKENS, s.vocabulary);
    if (reports) {
        const float greatest = row.logits[idOfRank(row.bestRaw())];
        uint64_t sum = 0;
#pragma unroll 4
        for (int id = first + threadIdx.x; id < end; id += SAMPLE_THREADS) {
            sum += massOf(row.logits[id] - greatest);
        }
        sum = blockTotal(sum, shared.partial);
        if (threadIdx.x == 0) {
            part.rawMass = sum;
        }
    }
    const float greatest = logitOfRank(row.best());
    if (!row.draws() || !isFinite(greatest)) {
        return;
    }
    for (int i = threadIdx.x; i < MASS_EXPONENTS; i += SAMPLE_THREADS) {
        shared.low[i] = 0;
        shared.high[i] = 0;
        shared.count[i] = 0;
    }
    __syncthreads();
    const float* from = row.adjusts() ? row.weights : row.logits;
    const bool keepsLogits = row.state->filtersLogits();
#pragma unroll 4
    for (int id = first + threadIdx.x; id < end; id += SAMPLE_THREADS) {
        float logit = from[id];
        auto mass = static_cast<float>(massOf((logit - greatest) / row.state->temperature));
        addMass(shared, mass);
        row.weights[id] = keepsLogits ? logit : mass;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < MASS_EXPONENTS; i += SAMPLE_THREADS) {
        part.masses[i] = massOfExponent(shared, i);
        part.counts[i] = shared.count[i];
    }
}
