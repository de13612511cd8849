// The next token of every sampling row, or the logprob of the one that is known to follow it:
// the algorithm of Sampler.java and Filters.java, to the bit but for the summation order of typical-p's entropy.
//
//   soft cap, finite? -> logprobs -> bias, masks, penalties -> temperature 0: greatest logit
//   -> integer masses -> top-k, top-p, min-p, typical-p by radix selection -> inverse cumulative distribution
//
// Masses are integers, so sums do not depend on their order, and thresholds are found by counting digits of
// mass << 22 | (2^22 - 1 - id) from the highest: no sorting. Ties go to the lowest id.
//
// Grid: (samples); 512 threads. Bound by memory (L2) and by latency.
#include "plan.cuh"
#include "sampling.cuh"

constexpr int SAMPLE_THREADS = 512;
constexpr int SAMPLE_WARPS = SAMPLE_THREADS / WARP;
constexpr int ID_BITS = 22;
constexpr uint64_t ID_MASK = (1ULL << ID_BITS) - 1;
constexpr int DIGITS = 256;
constexpr int MOST_ALTERNATIVES = 20;
constexpr int NOT_FINITE = -1;

struct Sampling {
    float* logits;            // [samples, vocabulary]; changed
    SamplingState* states;    // [homes]
    int* newest;              // [homes]
    uint32_t* counts;         // [homes][vocabulary]
    const int* plan;
    int vocabulary;
    int slots;                // most samples: the stride of the results
    float softCap;            // 0 for none
};

/// Results in pinned host memory: tokens, logprobs, then 20 alternatives and their logprobs for each sample.
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

struct SampleShared {
    uint64_t histogram[DIGITS];
    uint64_t partial[SAMPLE_WARPS];
    double partialDouble[SAMPLE_WARPS];
    uint64_t digit;
    uint64_t above;
    int token;
};

__device__ __forceinline__ uint64_t blockSum64(uint64_t value, uint64_t* partial) {
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        value += shuffleXor(value, mask);
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
        partial[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    uint64_t sum = 0;
    for (int warp = 0; warp < SAMPLE_WARPS; warp++) {
        sum += partial[warp];
    }
    return sum;
}

__device__ __forceinline__ uint64_t blockMax64(uint64_t value, uint64_t* partial) {
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

__device__ __forceinline__ double blockSumDouble(double value, double* partial) {
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        value += shuffleXor(value, mask);
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
        partial[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    double sum = 0;
    for (int warp = 0; warp < SAMPLE_WARPS; warp++) {
        sum += partial[warp];
    }
    return sum;
}

/// Orders like the logit, then the lowest id first; both zeros are equal.
__device__ __forceinline__ uint64_t rank(float logit, int id) {
    uint32_t bits = floatToBits(logit + 0.0F);
    bits = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
    return static_cast<uint64_t>(bits) << 32 | (0xFFFFFFFFU - static_cast<uint32_t>(id));
}

__device__ __forceinline__ int idOfRank(uint64_t rank) {
    return static_cast<int>(0xFFFFFFFFU - static_cast<uint32_t>(rank));
}

__device__ __forceinline__ bool isFinite(float x) {
    return (floatToBits(x) & 0x7F800000U) != 0x7F800000U;
}

/// One row being sampled. All threads of the block call all functions.
struct Row {
    float* logits;
    const SamplingState* state;
    const uint32_t* counts;
    SampleShared* shared;
    int vocabulary;
    float greatest;             // of the adjusted logits
    uint64_t leastKey;          // top-k and top-p
    double leastMass;           // min-p
    bool typical;
    double logTotal;
    double entropy;
    double mostSurprise;        // typical-p: keep less surprise, and
    int lastTypical;            // of equal surprise ids up to this

    __device__ __forceinline__ float adjusted(int id) const {
        if (!state->allows(id)) {
            return bitsToFloat(0xFF800000U);
        }
        float logit = logits[id];
        uint32_t count = state->penalises != 0 ? counts[id] : 0;
        if (count != 0) {
            logit = logit > 0 ? logit / state->repetitionPenalty : logit * state->repetitionPenalty;
            if (count > 1) {
                logit = fmaf(-static_cast<float>(count - 1), state->frequencyPenalty, logit) - state->presencePenalty;
            }
        }
        return logit;
    }
    __device__ __forceinline__ float exponent(int id) const {
        return (adjusted(id) - greatest) / state->temperature;
    }
    __device__ __forceinline__ double surprise(float exponent) const {
        return fabs(logTotal - static_cast<double>(exponent) - entropy);
    }
    static __device__ __forceinline__ uint64_t key(uint64_t mass, int id) {
        return mass << ID_BITS | (ID_MASK - static_cast<uint64_t>(id));
    }
    /// What the filters so far have left of a token.
    __device__ __forceinline__ uint64_t mass(int id) const {
        float x = exponent(id);
        uint64_t mass = massOf(x);
        if (key(mass, id) < leastKey || static_cast<double>(mass) < leastMass) {
            return 0;
        }
        if (typical) {
            double s = surprise(x);
            if (s > mostSurprise || (s == mostSurprise && id > lastTypical)) {
                return 0;
            }
        }
        return mass;
    }
    __device__ __forceinline__ uint64_t totalMass() const {
        uint64_t sum = 0;
        for (int id = threadIdx.x; id < vocabulary; id += SAMPLE_THREADS) {
            sum += mass(id);
        }
        return blockSum64(sum, shared->partial);
    }

    __device__ void bias() const {
        for (int i = threadIdx.x; i < state->biases; i += SAMPLE_THREADS) {
            int id = state->biasTokens()[i];
            state->unbiased()[i] = static_cast<int>(floatToBits(logits[id]));
            logits[id] += state->biasValue(i);
        }
        __syncthreads();
        if (state->generated < state->minTokens) {
            for (int i = threadIdx.x; i < state->endings; i += SAMPLE_THREADS) {
                logits[state->rules[i]] = bitsToFloat(0xFF800000U);
            }
        }
        __syncthreads();
    }

    /// The logit as the model gave it.
    __device__ __forceinline__ float unbiasedLogit(int token) const {
        for (int i = 0; i < state->biases; i++) {
            if (state->biasTokens()[i] == token) {
                return bitsToFloat(static_cast<uint32_t>(state->unbiased()[i]));
            }
        }
        return logits[token];
    }

    __device__ __forceinline__ uint64_t bestRank() const {
        uint64_t best = 0;
        for (int id = threadIdx.x; id < vocabulary; id += SAMPLE_THREADS) {
            uint64_t r = rank(adjusted(id), id);
            best = r > best ? r : best;
        }
        return blockMax64(best, shared->partial);
    }

    /// The greatest key at which the weights of this key and of greater ones sum to `wanted` or more; the smallest key
    /// if they never do.
    ///
    /// @param weighKey receives an id, returns its weight and sets its key; weight 0 takes no part
    /// @param above    weight known to lie above all keys; receives that above the key found
    template <class WeighKey>
    __device__ uint64_t select(int firstShift, double wanted, uint64_t& above, WeighKey weighKey) const {
        uint64_t prefix = 0;
        for (int shift = firstShift; shift >= 0; shift -= 8) {
            __syncthreads();
            for (int i = threadIdx.x; i < DIGITS; i += SAMPLE_THREADS) {
                shared->histogram[i] = 0;
            }
            __syncthreads();
            for (int id = threadIdx.x; id < vocabulary; id += SAMPLE_THREADS) {
                uint64_t key = 0;
                uint64_t weight = weighKey(id, key);
                bool taken = weight > 0 && (shift == firstShift || key >> (shift + 8) == prefix);
                if (taken) {
                    addAtomic(&shared->histogram[key >> shift & 255U], weight);
                }
            }
            __syncthreads();
            if (threadIdx.x == 0) {
                chooseDigit(above, wanted);
            }
            __syncthreads();
            above = shared->above;
            prefix = prefix << 8 | shared->digit;
        }
        return prefix;
    }

    __device__ __forceinline__ void chooseDigit(uint64_t above, double wanted) const {
        shared->above = above;
        shared->digit = 0;
        for (int digit = DIGITS - 1; digit >= 0; digit--) {
            uint64_t weight = shared->histogram[digit];
            if (weight == 0) {
                continue;
            }
            shared->above = above;
            shared->digit = static_cast<uint64_t>(digit);
            if (static_cast<double>(above + weight) >= wanted) {
                return;
            }
            above += weight;
        }
    }

    __device__ void keepGreatest(uint64_t total) {
        uint64_t considered = total;
        uint64_t least = 0;
        auto weighMass = [this](int id, uint64_t& key) {
            uint64_t m = massOf(exponent(id));
            key = Row::key(m, id);
            return m;
        };
        if (state->topK > 0 && state->topK < vocabulary) {
            uint64_t none = 0;
            least = select(56, static_cast<double>(state->topK), none, [this](int id, uint64_t& key) {
                uint64_t m = massOf(exponent(id));
                key = Row::key(m, id);
                return static_cast<uint64_t>(m > 0 ? 1 : 0);
            });
            uint64_t sum = 0;
            for (int id = threadIdx.x; id < vocabulary; id += SAMPLE_THREADS) {
                uint64_t key = 0;
                uint64_t m = weighMass(id, key);
                sum += key >= least ? m : 0;
            }
            considered = blockSum64(sum, shared->partial);
        }
        if (state->topP < 1) {
            uint64_t none = 0;
            double wanted = static_cast<double>(state->topP) * static_cast<double>(considered);
            least = select(56, wanted, none, weighMass);
        }
        leastKey = least;
    }

    __device__ void keepTypical(uint64_t total) {
        logTotal = log(static_cast<double>(total) / static_cast<double>(UNIT));
        double sum = 0;
        for (int id = threadIdx.x; id < vocabulary; id += SAMPLE_THREADS) {
            uint64_t m = mass(id);
            if (m > 0) {
                sum += static_cast<double>(m) / static_cast<double>(total)
                        * (logTotal - static_cast<double>(exponent(id)));
            }
        }
        entropy = blockSumDouble(sum, shared->partialDouble);
        double wanted = static_cast<double>(state->typicalP) * static_cast<double>(total);
        uint64_t above = 0;
        uint64_t key = select(56, wanted, above, [this](int id, uint64_t& key) {
            key = ~doubleToBits(surprise(exponent(id)));
            return mass(id);
        });
        uint64_t last = select(16, wanted, above, [this, key](int id, uint64_t& idKey) {
            idKey = ID_MASK - static_cast<uint64_t>(id);
            return ~doubleToBits(surprise(exponent(id))) == key ? mass(id) : 0;
        });
        uint64_t bits = ~key;
        __syncthreads();
        mostSurprise = bitsToDouble(bits);
        lastTypical = static_cast<int>(ID_MASK - last);
        typical = true;
    }

    /// The first token in vocabulary order whose cumulative mass exceeds `u`.
    __device__ int find(uint64_t u) const {
        const int warp = threadIdx.x / WARP;
        const int lane = threadIdx.x % WARP;
        const int segment = (vocabulary + SAMPLE_THREADS - 1) / SAMPLE_THREADS * WARP;
        const int first = warp * segment;
        const int end = min(first + segment, vocabulary);
        uint64_t sum = 0;
        for (int id = first + lane; id < end; id += WARP) {
            sum += mass(id);
        }
        for (int mask = WARP / 2; mask > 0; mask /= 2) {
            sum += shuffleXor(sum, mask);
        }
        __syncthreads();
        if (lane == 0) {
            shared->partial[warp] = sum;
        }
        __syncthreads();
        uint64_t before = 0;
        for (int i = 0; i < warp; i++) {
            before += shared->partial[i];
        }
        if (before <= u && u < before + sum) {
            for (int at = first; at < end && before <= u; at += WARP) {
                uint64_t m = at + lane < end ? mass(at + lane) : 0;
                uint64_t through = m;
                for (int distance = 1; distance < WARP; distance *= 2) {
                    uint64_t other = shuffle(through, lane < distance ? lane : lane - distance);
                    through += lane < distance ? 0 : other;
                }
                if (before + through > u && before + through - m <= u) {
                    shared->token = at + lane;
                }
                before += shuffle(through, WARP - 1);
            }
        }
        __syncthreads();
        return shared->token;
    }

    __device__ int draw() {
        uint64_t total = totalMass();
        if ((state->topK > 0 && state->topK < vocabulary) || state->topP < 1) {
            keepGreatest(total);
            total = totalMass();
        }
        if (state->minP > 0) {
            leastMass = static_cast<double>(state->minP) * static_cast<double>(UNIT);
            total = totalMass();
        }
        if (state->typicalP < 1) {
            keepTypical(total);
            total = totalMass();
        }
        uint64_t random = philox(state->seed, static_cast<uint32_t>(state->answerIndex),
                static_cast<uint32_t>(state->generated));
        return find(multiplyHigh(random, total));
    }
};

/// Caps the row; returns whether all its logits are finite.
__device__ bool prepare(const Row& row, float softCap) {
    uint64_t bad = 0;
    for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
        float logit = row.logits[id];
        bad += isFinite(logit) ? 0 : 1;
        if (softCap != 0) {
            row.logits[id] = softCapped(logit, softCap);
        }
    }
    return blockSum64(bad, row.shared->partial) == 0;
}

/// Natural log of the softmax's denominator; writes so many of the most probable tokens to the results.
__device__ double report(const Row& row, const Results& results, int wanted) {
    uint64_t best = 0;
    for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
        uint64_t r = rank(row.logits[id], id);
        best = r > best ? r : best;
    }
    best = blockMax64(best, row.shared->partial);
    float greatest = row.logits[idOfRank(best)];
    uint64_t sum = 0;
    for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
        sum += massOf(row.logits[id] - greatest);
    }
    sum = blockSum64(sum, row.shared->partial);
    double logTotal = static_cast<double>(greatest) + log(static_cast<double>(sum) / static_cast<double>(UNIT));
    for (int i = 0; i < wanted; i++) {
        if (threadIdx.x == 0) {
            int id = idOfRank(best);
            results.alternatives[i] = i < row.vocabulary ? id : NOT_FINITE;
            results.alternativeLogprobs[i] = i < row.vocabulary
                    ? static_cast<float>(static_cast<double>(row.logits[id]) - logTotal)
                    : bitsToFloat(0xFF800000U);
        }
        uint64_t next = 0;
        for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
            uint64_t r = rank(row.logits[id], id);
            next = r < best && r > next ? r : next;
        }
        next = blockMax64(next, row.shared->partial);
        best = next == 0 ? best : next;
    }
    return logTotal;
}

extern "C" __global__ void __launch_bounds__(SAMPLE_THREADS) sample(Sampling s) {
    const Plan plan{s.plan};
    const int index = blockIdx.x;
    if (index >= plan.live(PLAN_SAMPLES)) {
        return;
    }
    const int home = plan.array(SAMPLE_HOMES)[index];
    SamplingState* state = s.states + home;
    uint32_t* counts = s.counts + static_cast<size_t>(home) * s.vocabulary;
    auto* shared = reinterpret_cast<SampleShared*>(sharedMemory());
    const Results results(plan, s.slots, index);
    Row row{s.logits + static_cast<size_t>(index) * s.vocabulary, state, counts, shared, s.vocabulary,
            0, 0, 0, false, 0, 0, 0, 0};
    int token = NOT_FINITE;
    float logprob = bitsToFloat(0x7FC00000U);
    const int target = plan.array(SAMPLE_TARGETS)[index];
    const bool finite = prepare(row, s.softCap);
    if (finite && target >= 0) {
        double logTotal = report(row, results, plan.array(SAMPLE_ALTERNATIVES)[index]);
        token = target;
        logprob = static_cast<float>(static_cast<double>(row.logits[target]) - logTotal);
    } else if (finite) {
        double logTotal = state->topLogprobs >= 0 ? report(row, results, state->topLogprobs) : 0;
        __syncthreads();
        row.bias();
        uint64_t best = row.bestRank();
        row.greatest = row.adjusted(idOfRank(best));
        if (isFinite(row.greatest)) {
            token = state->temperature == 0 ? idOfRank(best) : row.draw();
            if (state->topLogprobs >= 0) {
                logprob = static_cast<float>(static_cast<double>(row.unbiasedLogit(token)) - logTotal);
            }
        }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        *results.tokens = token;
        *results.logprobs = logprob;
        if (token != NOT_FINITE && target < 0) {
            s.newest[home] = token;
            state->generated++;
            if (state->penalises != 0) {
                counts[token] = counts[token] == 0 ? 2 : counts[token] + 1;
            }
        }
    }
}
