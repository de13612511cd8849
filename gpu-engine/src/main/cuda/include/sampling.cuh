// The sampling state of one sequence, and the arithmetic that must give the same bits as the Java sampler: the
// exponential function of Exponential.java, the random generator of Philox.java, and integer masses.
#pragma once

#include "device.cuh"

/// The parameters and counts from which a sequence's next token is drawn. One for each home; the host writes it at
/// admission (SamplingHomes.java).
struct SamplingState {
    float repetitionPenalty;
    float presencePenalty;
    float frequencyPenalty;
    float temperature;
    int topK;
    float topP;
    float minP;
    float typicalP;
    uint64_t seed;
    int answerIndex;
    int topLogprobs;
    int minTokens;
    int endings;
    int biases;
    int allowedOnly;     // 0: every token is allowed
    int penalises;
    int generated;       // tokens of the answer so far
    // [endings] ids, [biases] ids, [biases] values, [vocabulary / 32] words of bits for allowed tokens
    int* rules;
    float topNSigma;
    int unused;

    __device__ __forceinline__ const int* biasTokens() const {
        return rules + endings;
    }
    __device__ __forceinline__ float biasValue(int i) const {
        return bitsToFloat(static_cast<uint32_t>(rules[endings + biases + i]));
    }
    /// Whether a filter needs the logits beside the masses.
    __device__ __forceinline__ bool filtersLogits() const {
        return typicalP < 1 || topNSigma > 0;
    }
    /// A bit for each token; null if every token is allowed.
    __device__ __forceinline__ const uint32_t* allowed() const {
        return allowedOnly == 0 ? nullptr : reinterpret_cast<const uint32_t*>(rules + endings + 2 * biases);
    }
};

static_assert(sizeof(SamplingState) == 88, "SamplingHomes.java writes 88 bytes");

constexpr float UNIT = 0x1p40F;    // the mass of the most probable token

/// exp(max(x, -64)) for x <= 0.
__device__ __forceinline__ float exponential(float x) {
    constexpr float ROUNDER = 0x1.8p23F;
    float argument = fmaxf(x, -64.0F);
    float n = fmaf(argument, 0x1.715476p0F, ROUNDER) - ROUNDER;
    float r = fmaf(n, -0x1.7f7d1cp-20F, fmaf(n, -0x1.62e4p-1F, argument));
    float p = fmaf(r, 1 / 5040.0F, 1 / 720.0F);
    p = fmaf(p, r, 1 / 120.0F);
    p = fmaf(p, r, 1 / 24.0F);
    p = fmaf(p, r, 1 / 6.0F);
    p = fmaf(p, r, 0.5F);
    p = fmaf(p, r, 1.0F);
    p = fmaf(p, r, 1.0F);
    return p * bitsToFloat(static_cast<uint32_t>(static_cast<int>(n) + 127) << 23);
}

__device__ __forceinline__ uint64_t massOf(float exponent) {
    return static_cast<uint64_t>(exponential(exponent) * UNIT);
}

/// The soft cap, cap * tanh(logit / cap).
__device__ __forceinline__ float softCapped(float logit, float softCap) {
    float e = exponential(-2 * fabsf(logit / softCap));
    return copysignf(softCap * ((1 - e) / (1 + e)), logit);
}

/// Philox4x32-10 (Salmon et al. 2011): words 0 and 1 of the output for the counter (position, answer index, 0, 0).
__device__ __forceinline__ uint64_t philox(uint64_t seed, uint32_t answerIndex, uint32_t position) {
    uint32_t counter[4] = {position, answerIndex, 0, 0};
    auto key0 = static_cast<uint32_t>(seed);
    auto key1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = static_cast<uint64_t>(0xD2511F53U) * counter[0];
        uint64_t product1 = static_cast<uint64_t>(0xCD9E8D57U) * counter[2];
        counter[0] = static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key0;
        counter[1] = static_cast<uint32_t>(product1);
        counter[2] = static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key1;
        counter[3] = static_cast<uint32_t>(product0);
        key0 += 0x9E3779B9U;
        key1 += 0xBB67AE85U;
    }
    return static_cast<uint64_t>(counter[1]) << 32 | counter[0];
}
