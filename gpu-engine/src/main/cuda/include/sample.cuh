// Definitions shared by the three kernels that draw tokens. They run one after another on each row of logits:
//
//   sample_survey   soft cap, are all finite?; biases, masks and penalties; the greatest logit   many blocks a row
//   sample_weigh    integer masses, and their sum between every two powers of two                many blocks a row
//   sample          top-k, top-p, min-p, top-n-sigma, typical-p, the draw, or the greatest       one block a row
//                   logit; logprobs
//
// A mass is an integer below 2^41 that an f32 holds exactly, and non-negative floats are ordered like their bits. So a
// mass takes 4 bytes; its exponent is the first digit of a radix selection, and its 23 mantissa bits give the other
// digits.
#pragma once

#include "plan.cuh"
#include "sampling.cuh"

constexpr int SAMPLE_THREADS = 512;
constexpr int SAMPLE_WARPS = SAMPLE_THREADS / WARP;
constexpr int PART_TOKENS = 8192;          // tokens of the vocabulary that one block processes
constexpr int MASS_EXPONENTS = 48;         // 0: no mass; otherwise 1 + the floor of log2 of the mass
constexpr int MANTISSA_BITS = 23;
constexpr int MOST_ALTERNATIVES = 20;
constexpr int NOT_FINITE = -1;      // as in StepPlan.java
constexpr int NOTHING_FITS = -2;

/// The results of one block for its part of a row.
struct SamplePart {
    uint64_t bestRaw;                      // rank of the greatest logit of the model
    uint64_t best;                         // rank of the greatest logit after biases, masks and penalties
    uint64_t rawMass;                      // sum of masses of the model's logits, relative to the greatest of the row
    uint64_t masses[MASS_EXPONENTS];       // sums of masses, by exponent
    uint32_t counts[MASS_EXPONENTS];
    uint32_t bad;                          // number of logits that are not finite
    uint32_t unused;
};

static_assert(sizeof(SamplePart) == 608, "KernelSet.java reserves 608 bytes");

struct Sampling {
    float* logits;            // [samples, vocabulary]; soft-capped in place
    float* weights;           // [samples, vocabulary]: adjusted logits, then masses
    SamplePart* parts;        // [samples][ceil(vocabulary / PART_TOKENS)]
    SamplingState* states;    // [homes]
    int* newest;              // [homes]
    uint32_t* counts;         // [homes][vocabulary]
    const uint32_t* masks;    // [masks][maskWords(vocabulary)], a bit for each token that a constraint allows
    const int* plan;
    int vocabulary;
    int slots;                // most samples of a step: the stride of the results
    float softCap;            // 0 for none
};

__device__ __forceinline__ int partsOf(int vocabulary) {
    return (vocabulary + PART_TOKENS - 1) / PART_TOKENS;
}

/// Words of a mask: 32 tokens each, padded so that every mask begins at a multiple of 8 bytes.
__device__ __forceinline__ int maskWords(int vocabulary) {
    return (vocabulary + 63) / 64 * 2;
}

/// The sum over the block, in every thread. All threads must call it.
///
/// @param partial shared memory for one value of each warp
template <class T>
__device__ __forceinline__ T blockTotal(T value, T* partial) {
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        value += shuffleXor(value, mask);
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
        partial[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    T sum = 0;
    for (int warp = 0; warp < SAMPLE_WARPS; warp++) {
        sum += partial[warp];
    }
    return sum;
}

/// The maximum over the block, in every thread. All threads must call it.
__device__ __forceinline__ uint64_t blockGreatest(uint64_t value, uint64_t* partial) {
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        uint64_t other = shuffleXor(value, mask);
        value = other > value ? other : value;
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
        partial[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    for (int warp = 0; warp < SAMPLE_WARPS; warp++) {
        value = partial[warp] > value ? partial[warp] : value;
    }
    return value;
}

/// A number that orders tokens by logit, then the lowest id first. Both zeros are equal.
__device__ __forceinline__ uint64_t rank(float logit, int id) {
    uint32_t bits = floatToBits(logit + 0.0F);
    bits = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
    return static_cast<uint64_t>(bits) << 32 | (0xFFFFFFFFU - static_cast<uint32_t>(id));
}

__device__ __forceinline__ int idOfRank(uint64_t rank) {
    return static_cast<int>(0xFFFFFFFFU - static_cast<uint32_t>(rank));
}

/// The logit of a rank; the sign of a zero is lost.
__device__ __forceinline__ float logitOfRank(uint64_t rank) {
    auto bits = static_cast<uint32_t>(rank >> 32);
    return bitsToFloat((bits & 0x80000000U) != 0 ? bits & 0x7FFFFFFFU : ~bits);
}

__device__ __forceinline__ bool isFinite(float x) {
    return (floatToBits(x) & 0x7F800000U) != 0x7F800000U;
}

/// The exponent of a mass, below MASS_EXPONENTS.
__device__ __forceinline__ int exponentOf(float mass) {
    return mass < 1 ? 0 : static_cast<int>(floatToBits(mass) >> MANTISSA_BITS) - 126;
}

/// The places of one sample's results in pinned host memory, which holds tokens, logprobs, then 20 alternatives for
/// each sample and their logprobs.
struct Results {
    int* tokens;
    float* logprobs;
    int* alternatives;
    float* alternativeLogprobs;

    __device__ __forceinline__ Results(const Plan& plan, int slots, int sample) {
        uint64_t address = static_cast<uint32_t>(plan.words[PLAN_RESULTS])
                | static_cast<uint64_t>(static_cast<uint32_t>(plan.words[PLAN_RESULTS + 1])) << 32;
        auto* words = reinterpret_cast<int*>(address);
        tokens = words + sample;
        logprobs = reinterpret_cast<float*>(words + slots) + sample;
        alternatives = words + 2 * slots + sample * MOST_ALTERNATIVES;
        alternativeLogprobs =
                reinterpret_cast<float*>(words + (2 + MOST_ALTERNATIVES) * slots) + sample * MOST_ALTERNATIVES;
    }
};

/// A row whose token is drawn or scored, with the results of the blocks for its parts.
struct SampleRow {
    int index;
    int home;
    int target;                 // the token that the row scores, or -1 for a row that draws
    int vocabulary;
    float* logits;
    float* weights;
    SamplePart* parts;
    const SamplingState* state;
    const uint32_t* counts;
    const uint32_t* allowed;    // a bit for each token that may be drawn; null where all may be

    __device__ __forceinline__ SampleRow(const Sampling& s, const Plan& plan, int index)
        : index(index),
          home(plan.array(SAMPLE_HOMES)[index]),
          target(plan.array(SAMPLE_TARGETS)[index]),
          vocabulary(s.vocabulary),
          logits(s.logits + static_cast<size_t>(index) * s.vocabulary),
          weights(s.weights + static_cast<size_t>(index) * s.vocabulary),
          parts(s.parts + static_cast<size_t>(index) * partsOf(s.vocabulary)),
          state(s.states + home),
          counts(s.counts + static_cast<size_t>(home) * s.vocabulary) {
        const int mask = plan.array(SAMPLE_MASKS)[index];
        allowed = mask < 0 ? state->allowed() : s.masks + static_cast<size_t>(mask) * maskWords(s.vocabulary);
    }

    __device__ __forceinline__ bool scores() const {
        return target >= 0;
    }
    /// Whether the draw needs masses.
    __device__ __forceinline__ bool draws() const {
        return !scores() && state->temperature != 0;
    }
    __device__ __forceinline__ bool endingsMasked() const {
        return state->generated < state->minTokens && state->endings > 0;
    }
    /// Whether biases, masks or penalties change any logit before the draw.
    __device__ __forceinline__ bool adjusts() const {
        return !scores() && (state->biases > 0 || allowed != nullptr || state->penalises != 0 || endingsMasked());
    }
    __device__ __forceinline__ float adjusted(float logit, int id) const {
        if (allowed != nullptr && (allowed[id / 32] >> (id % 32) & 1U) == 0) {
            return bitsToFloat(0xFF800000U);
        }
        uint32_t count = state->penalises != 0 ? counts[id] : 0;
        if (count != 0) {
            logit = logit > 0 ? logit / state->repetitionPenalty : logit * state->repetitionPenalty;
            if (count > 1) {
                logit = fmaf(-static_cast<float>(count - 1), state->frequencyPenalty, logit) - state->presencePenalty;
            }
        }
        return logit;
    }
    __device__ __forceinline__ bool allFinite() const {
        uint32_t bad = 0;
        for (int part = 0; part < partsOf(vocabulary); part++) {
            bad += parts[part].bad;
        }
        return bad == 0;
    }
    __device__ __forceinline__ uint64_t bestRaw() const {
        uint64_t best = 0;
        for (int part = 0; part < partsOf(vocabulary); part++) {
            best = parts[part].bestRaw > best ? parts[part].bestRaw : best;
        }
        return best;
    }
    __device__ __forceinline__ uint64_t best() const {
        uint64_t best = 0;
        for (int part = 0; part < partsOf(vocabulary); part++) {
            best = parts[part].best > best ? parts[part].best : best;
        }
        return best;
    }
};
