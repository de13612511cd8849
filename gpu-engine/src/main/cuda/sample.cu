// The last of three kernels that draw tokens (sample.cuh): draws the next token of every sampling row, or computes the
// log-probability of the token that is known to follow it. The algorithm is that of Sampler.java and Filters.java, with
// equal bits except for the order of additions in typical-p's entropy.
//
//   temperature 0: greatest logit
//   else masses -> top-k, top-p, min-p, top-n-sigma, typical-p -> inverse cumulative distribution
//
// Masses are integers, so the order of additions does not matter. A threshold is found without sorting, by radix
// selection over keys that consist of the mass and 2^22 - 1 - id, so that ties go to the lowest id. The exponent of the
// threshold's mass follows from the counts of sample_weigh; the few tokens with that exponent are collected, and the
// other digits are found among them.
//
// Grid: (samples); 512 threads. Bound by memory (L2) and by latency.
#include "sample.cuh"

constexpr int ID_BITS = 22;
constexpr uint64_t ID_MASK = (1ULL << ID_BITS) - 1;
constexpr int DIGITS = 256;
constexpr int MOST_CANDIDATES = 4096;
constexpr int STRETCHES = 256;
constexpr float STEPS = 0x1p12F;       // Filters.java
constexpr float FARTHEST = 256;
constexpr int EXPONENT_SHIFT = MANTISSA_BITS + ID_BITS;

struct SampleShared {
    uint64_t histogram[DIGITS];
    // masses that passed the filters, summed over each stretch of the vocabulary
    uint64_t stretches[STRETCHES];
    uint64_t masses[MASS_EXPONENTS];
    uint64_t candidates[MOST_CANDIDATES];      // keys of the collected tokens
    uint64_t partial[SAMPLE_WARPS];
    double partialDouble[SAMPLE_WARPS];
    uint64_t digit;
    uint64_t above;
    uint32_t counts[MASS_EXPONENTS];
    uint32_t collected;
    int token;
};

static_assert(sizeof(SampleShared) == 37720, "KernelSet.java asks for 37720 bytes");

/// The sum over the lanes below this one. All lanes must call it.
__device__ __forceinline__ uint64_t sumBefore(uint64_t value) {
    const int lane = threadIdx.x % WARP;
    uint64_t through = value;
    for (int distance = 1; distance < WARP; distance *= 2) {
        uint64_t other = shuffle(through, lane < distance ? lane : lane - distance);
        through += lane < distance ? 0 : other;
    }
    return through - value;
}

/// A thread's pending additions to a histogram in shared memory, where 64-bit additions to the same address wait for
/// each other. While the same digit comes again, its weight is accumulated here; a single different digit does not
/// displace it.
struct HeldDigit {
    uint32_t digit = 0;
    uint64_t weight = 0;
    bool displaced = false;    // whether the last digit was a different one

    __device__ __forceinline__ void add(uint64_t* histogram, uint32_t next, uint64_t more) {
        const bool held = next == digit;
        if (held) {
            weight += more;
        } else if (displaced) {
            give(histogram);
            digit = next;
            weight = more;
        } else {
            addAtomic(histogram + next, more);
        }
        displaced = !held && !displaced;
    }
    __device__ __forceinline__ void give(uint64_t* histogram) const {
        if (weight != 0) {
            addAtomic(histogram + digit, weight);
        }
    }
    /// Adds for all lanes that hold the first lane's digit at once. All lanes must call it.
    __device__ __forceinline__ void end(uint64_t* histogram) {
        const uint32_t first = shuffle(digit, 0);
        uint64_t sum = digit == first ? weight : 0;
        for (int mask = WARP / 2; mask > 0; mask /= 2) {
            sum += shuffleXor(sum, mask);
        }
        if (digit == first) {
            weight = threadIdx.x % WARP == 0 ? sum : 0;
        }
        give(histogram);
    }
};

/// The draw for one row. All threads of the block must call all functions.
struct Draw {
    const SampleRow& row;
    SampleShared* shared;
    float greatest;             // greatest adjusted logit
    bool holdsLogits;           // whether `weights` holds logits, which a filter needs, and not masses
    uint64_t leastKey = 0;      // least key that passes top-k and top-p
    double leastMass = 0;       // least mass that passes min-p
    bool near = false;          // whether top-n-sigma's threshold, below, applies
    float leastLogit = 0;
    bool surprises = false;     // whether typical-p's threshold, below, applies
    double logTotal = 0;
    double entropy = 0;
    double mostSurprise = 0;    // tokens of less surprise pass,
    int lastTypical = 0;        // and tokens of equal surprise with ids up to this one

    __device__ __forceinline__ float exponent(int id) const {
        return (row.weights[id] - greatest) / row.state->temperature;
    }
    __device__ __forceinline__ float massAt(int id) const {
        return holdsLogits ? static_cast<float>(massOf(exponent(id))) : row.weights[id];
    }
    __device__ __forceinline__ double surprise(float exponent) const {
        return fabs(logTotal - static_cast<double>(exponent) - entropy);
    }
    static __device__ __forceinline__ uint64_t key(float mass, int id) {
        return static_cast<uint64_t>(floatToBits(mass)) << ID_BITS | (ID_MASK - static_cast<uint64_t>(id));
    }
    static __device__ __forceinline__ uint64_t massOfKey(uint64_t key) {
        return static_cast<uint64_t>(bitsToFloat(static_cast<uint32_t>(key >> ID_BITS)));
    }
    /// The mass of a token if it passes the filters so far, else 0.
    __device__ __forceinline__ uint64_t mass(int id) const {
        float mass = massAt(id);
        if (key(mass, id) < leastKey || static_cast<double>(mass) < leastMass) {
            return 0;
        }
        if (near && row.weights[id] < leastLogit) {
            return 0;
        }
        if (surprises) {
            double s = surprise(exponent(id));
            if (s > mostSurprise || (s == mostSurprise && id > lastTypical)) {
                return 0;
            }
        }
        return static_cast<uint64_t>(mass);
    }

    /// Sums the counts and masses of the row's parts.
    __device__ void gatherParts() const {
        __syncthreads();
        for (int i = threadIdx.x; i < MASS_EXPONENTS; i += SAMPLE_THREADS) {
            uint64_t masses = 0;
            uint32_t counts = 0;
            for (int part = 0; part < partsOf(row.vocabulary); part++) {
                masses += row.parts[part].masses[i];
                counts += row.parts[part].counts[i];
            }
            shared->masses[i] = masses;
            shared->counts[i] = counts;
        }
        __syncthreads();
    }

    /// Finds, from the highest digit down, the first digit at which the sum of weights reaches `wanted`, or the lowest
    /// digit that has any weight; and the sum of weights above that digit. Computed by one warp, eight digits a lane.
    __device__ void chooseDigit(uint64_t above, double wanted) const {
        constexpr int LANE_DIGITS = DIGITS / WARP;
        if (threadIdx.x < WARP) {
            const int first = DIGITS - 1 - static_cast<int>(threadIdx.x) * LANE_DIGITS;
            uint64_t sum = 0;
            for (int i = 0; i < LANE_DIGITS; i++) {
                sum += shared->histogram[first - i];
            }
            uint64_t before = above + sumBefore(sum);
            int chosen = -1;
            bool reached = false;
            uint64_t aboveChosen = above;
            for (int i = 0; i < LANE_DIGITS && !reached; i++) {
                uint64_t weight = shared->histogram[first - i];
                if (weight != 0) {
                    chosen = first - i;
                    aboveChosen = before;
                    before += weight;
                    reached = static_cast<double>(before) >= wanted;
                }
            }
            int highestReached = reached ? chosen : -1;
            int lowest = chosen < 0 ? DIGITS : chosen;
            for (int mask = WARP / 2; mask > 0; mask /= 2) {
                highestReached = max(highestReached, shuffleXor(highestReached, mask));
                lowest = min(lowest, shuffleXor(lowest, mask));
            }
            const int digit = highestReached >= 0 ? highestReached : lowest;
            if (digit == chosen) {
                shared->digit = static_cast<uint64_t>(digit);
                shared->above = aboveChosen;
            } else if (digit == DIGITS && threadIdx.x == 0) {
                shared->digit = 0;
                shared->above = above;
            }
        }
        __syncthreads();
    }

    /// Finds the greatest key at which the weights of this key and of all greater keys sum to `wanted` or more; the
    /// smallest key if they never do.
    ///
    /// @param weighKey called with numbers below `count`; sets the key and returns its weight, 0 for none
    /// @param above    weight above all keys; overwritten with the weight above the key found
    template <class WeighKey>
    __device__ uint64_t select(int count, int firstShift, double wanted, uint64_t& above, WeighKey weighKey) const {
        uint64_t prefix = 0;
        for (int shift = firstShift; shift >= 0; shift -= 8) {
            __syncthreads();
            for (int i = threadIdx.x; i < DIGITS; i += SAMPLE_THREADS) {
                shared->histogram[i] = 0;
            }
            __syncthreads();
            HeldDigit held;
            for (int i = threadIdx.x; i < count; i += SAMPLE_THREADS) {
                uint64_t key = 0;
                uint64_t weight = weighKey(i, key);
                if (weight > 0 && (shift == firstShift || key >> (shift + 8) == prefix)) {
                    held.add(shared->histogram, static_cast<uint32_t>(key >> shift & 255U), weight);
                }
            }
            held.end(shared->histogram);
            __syncthreads();
            chooseDigit(above, wanted);
            above = shared->above;
            prefix = prefix << 8 | shared->digit;
        }
        __syncthreads();
        return prefix;
    }

    /// Collects the keys of all tokens whose mass has this exponent.
    __device__ void collect(int exponent) const {
        if (threadIdx.x == 0) {
            shared->collected = 0;
        }
        __syncthreads();
#pragma unroll 4
        for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
            float mass = massAt(id);
            if (exponentOf(mass) == exponent) {
                shared->candidates[takeNumber(&shared->collected)] = key(mass, id);
            }
        }
        __syncthreads();
    }

    /// Finds the least key that is kept, if the tokens with the greatest keys are kept until their weights reach
    /// `wanted`.
    ///
    /// @param byCount whether a token's weight is 1; otherwise it is the token's mass
    /// @param kept    overwritten with the mass of all kept tokens
    __device__ uint64_t keepGreatest(double wanted, bool byCount, uint64_t& kept) const {
        __syncthreads();
        for (int i = threadIdx.x; i < DIGITS; i += SAMPLE_THREADS) {
            shared->histogram[i] = i >= MASS_EXPONENTS ? 0 : byCount ? shared->counts[i] : shared->masses[i];
        }
        __syncthreads();
        chooseDigit(0, wanted);
        const auto exponent = static_cast<int>(shared->digit);
        uint64_t above = shared->above;
        const auto tokens = static_cast<int>(shared->counts[exponent]);
        const bool listed = tokens <= MOST_CANDIDATES;
        if (listed) {
            collect(exponent);
        }
        const int count = listed ? tokens : row.vocabulary;
        auto weighKey = [&](int i, uint64_t& found) {
            found = listed ? shared->candidates[i] : key(massAt(i), i);
            uint64_t mass = massOfKey(found);
            return exponentOf(static_cast<float>(mass)) != exponent ? 0 : byCount ? 1 : mass;
        };
        constexpr uint64_t LOW = (1ULL << EXPONENT_SHIFT) - 1;
        const uint64_t low = select(count, 40, wanted, above, [&](int i, uint64_t& found) {
            uint64_t weight = weighKey(i, found);
            found &= LOW;
            return weight;
        });
        const uint64_t least = static_cast<uint64_t>(exponent + 126) << EXPONENT_SHIFT | low;
        uint64_t sum = 0;
        for (int i = threadIdx.x; i < count; i += SAMPLE_THREADS) {
            uint64_t found = 0;
            uint64_t weight = weighKey(i, found);
            sum += weight > 0 && found >= least ? massOfKey(found) : 0;
        }
        for (int i = threadIdx.x; i < MASS_EXPONENTS; i += SAMPLE_THREADS) {
            sum += i > exponent ? shared->masses[i] : 0;
        }
        kept = blockTotal(sum, shared->partial);
        return least;
    }

    /// The standard deviation of all logits that are not masked, from integer sums.
    __device__ double deviation() const {
        uint64_t count = 0;
        uint64_t sum = 0;
        uint64_t squares = 0;
#pragma unroll 4
        for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
            float logit = row.weights[id];
            if (isFinite(logit)) {
                auto distance = static_cast<uint64_t>(fminf(greatest - logit, FARTHEST) * STEPS);
                count++;
                sum += distance;
                squares += distance * distance;
            }
        }
        auto tokens = static_cast<double>(blockTotal(count, shared->partial));
        double mean = static_cast<double>(blockTotal(sum, shared->partial)) / tokens;
        return sqrt(static_cast<double>(blockTotal(squares, shared->partial)) / tokens - mean * mean) / STEPS;
    }

    __device__ void keepNear() {
        double reach = static_cast<double>(row.state->topNSigma) * deviation();
        leastLogit = static_cast<float>(static_cast<double>(greatest) - reach);
        near = true;
    }

    __device__ void keepTypical(uint64_t total) {
        logTotal = log(static_cast<double>(total) / static_cast<double>(UNIT));
        double sum = 0;
        for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
            uint64_t m = mass(id);
            if (m > 0) {
                sum += static_cast<double>(m) / static_cast<double>(total)
                        * (logTotal - static_cast<double>(exponent(id)));
            }
        }
        entropy = blockTotal(sum, shared->partialDouble);
        double wanted = static_cast<double>(row.state->typicalP) * static_cast<double>(total);
        uint64_t above = 0;
        uint64_t key = select(row.vocabulary, 56, wanted, above, [this](int id, uint64_t& key) {
            key = ~doubleToBits(surprise(exponent(id)));
            return mass(id);
        });
        uint64_t last = select(row.vocabulary, 16, wanted, above, [this, key](int id, uint64_t& idKey) {
            idKey = ID_MASK - static_cast<uint64_t>(id);
            return ~doubleToBits(surprise(exponent(id))) == key ? mass(id) : 0;
        });
        mostSurprise = bitsToDouble(~key);
        lastTypical = static_cast<int>(ID_MASK - last);
        surprises = true;
    }

    __device__ __forceinline__ int stretchTokens() const {
        return ((row.vocabulary + STRETCHES - 1) / STRETCHES + WARP - 1) / WARP * WARP;
    }

    /// Sums the masses that passed the filters over each stretch of the vocabulary; returns the total.
    __device__ uint64_t sumStretches() const {
        const int lane = threadIdx.x % WARP;
        const int tokens = stretchTokens();
        __syncthreads();
        for (int stretch = threadIdx.x / WARP; stretch < STRETCHES; stretch += SAMPLE_WARPS) {
            const int end = min((stretch + 1) * tokens, row.vocabulary);
            uint64_t sum = 0;
#pragma unroll 4
            for (int id = stretch * tokens + lane; id < end; id += WARP) {
                sum += mass(id);
            }
            for (int mask = WARP / 2; mask > 0; mask /= 2) {
                sum += shuffleXor(sum, mask);
            }
            if (lane == 0) {
                shared->stretches[stretch] = sum;
            }
        }
        __syncthreads();
        return blockTotal(threadIdx.x < STRETCHES ? shared->stretches[threadIdx.x] : 0, shared->partial);
    }

    /// The first token, in order of ids, at which the cumulative mass exceeds `u`. Computed by one warp.
    __device__ int find(uint64_t u) const {
        constexpr int LANE_STRETCHES = STRETCHES / WARP;
        __syncthreads();
        if (threadIdx.x < WARP) {
            const int lane = threadIdx.x;
            uint64_t sum = 0;
            for (int i = 0; i < LANE_STRETCHES; i++) {
                sum += shared->stretches[lane * LANE_STRETCHES + i];
            }
            uint64_t before = sumBefore(sum);
            for (int i = 0; i < LANE_STRETCHES; i++) {
                uint64_t next = shared->stretches[lane * LANE_STRETCHES + i];
                if (before <= u && u < before + next) {
                    shared->digit = static_cast<uint64_t>(lane * LANE_STRETCHES + i);
                    shared->above = before;
                }
                before += next;
            }
        }
        __syncthreads();
        if (threadIdx.x < WARP) {
            const int first = static_cast<int>(shared->digit) * stretchTokens();
            const int end = min(first + stretchTokens(), row.vocabulary);
            uint64_t before = shared->above;
            for (int at = first; at < end && before <= u; at += WARP) {
                const int id = at + static_cast<int>(threadIdx.x);
                uint64_t m = id < end ? mass(id) : 0;
                uint64_t from = before + sumBefore(m);
                if (from <= u && u < from + m) {
                    shared->token = id;
                }
                before = shuffle(from + m, WARP - 1);
            }
        }
        __syncthreads();
        return shared->token;
    }

    __device__ int token() {
        const SamplingState& state = *row.state;
        gatherParts();
        if (state.topK > 0 && state.topK < row.vocabulary) {
            uint64_t kept = 0;
            leastKey = keepGreatest(static_cast<double>(state.topK), true, kept);
            if (state.topP < 1) {
                leastKey = keepGreatest(static_cast<double>(state.topP) * static_cast<double>(kept), false, kept);
            }
        } else if (state.topP < 1) {
            uint64_t all = blockTotal(
                    threadIdx.x < MASS_EXPONENTS ? shared->masses[threadIdx.x] : 0, shared->partial);
            leastKey = keepGreatest(static_cast<double>(state.topP) * static_cast<double>(all), false, all);
        }
        leastMass = static_cast<double>(state.minP) * static_cast<double>(UNIT);
        if (state.topNSigma > 0) {
            keepNear();
        }
        uint64_t total = sumStretches();
        if (state.typicalP < 1) {
            keepTypical(total);
            total = sumStretches();
        }
        uint64_t random = philox(state.seed, static_cast<uint32_t>(state.answerIndex),
                static_cast<uint32_t>(state.generated));
        return find(multiplyHigh(random, total));
    }
};

/// Returns the natural logarithm of the softmax's denominator, and writes the `wanted` most probable tokens to the
/// results.
__device__ double report(const SampleRow& row, SampleShared* shared, const Results& results, int wanted) {
    uint64_t best = row.bestRaw();
    uint64_t sum = 0;
    for (int part = 0; part < partsOf(row.vocabulary); part++) {
        sum += row.parts[part].rawMass;
    }
    double logTotal = static_cast<double>(row.logits[idOfRank(best)])
            + log(static_cast<double>(sum) / static_cast<double>(UNIT));
    for (int i = 0; i < wanted; i++) {
        if (threadIdx.x == 0) {
            int id = idOfRank(best);
            results.alternatives[i] = i < row.vocabulary ? id : NOT_FINITE;
            results.alternativeLogprobs[i] = i < row.vocabulary
                    ? static_cast<float>(static_cast<double>(row.logits[id]) - logTotal)
                    : bitsToFloat(0xFF800000U);
        }
        uint64_t next = 0;
#pragma unroll 4
        for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
            uint64_t r = rank(row.logits[id], id);
            next = r < best && r > next ? r : next;
        }
        next = blockGreatest(next, shared->partial);
        best = next == 0 ? best : next;
    }
    return logTotal;
}

extern "C" __global__ void __launch_bounds__(SAMPLE_THREADS, 1) sample(Sampling s) {
    const Plan plan{s.plan};
    if (static_cast<int>(blockIdx.x) >= plan.live(PLAN_SAMPLES)) {
        return;
    }
    auto* shared = reinterpret_cast<SampleShared*>(sharedMemory());
    const SampleRow row(s, plan, blockIdx.x);
    const Results results(plan, s.slots, blockIdx.x);
    SamplingState* state = s.states + row.home;
    int token = NOT_FINITE;
    float logprob = bitsToFloat(0x7FC00000U);
    if (row.allFinite()) {
        const bool reports = row.scores() || state->topLogprobs >= 0;
        const int alternatives = row.scores() ? plan.array(SAMPLE_ALTERNATIVES)[row.index] : state->topLogprobs;
        const double logTotal = reports ? report(row, shared, results, alternatives) : 0;
        const uint64_t best = row.best();
        if (row.scores()) {
            token = row.target;
        } else if (isFinite(logitOfRank(best))) {
            token = row.draws()
                    ? Draw{row, shared, logitOfRank(best), state->filtersLogits()}.token() : idOfRank(best);
        } else if (plan.array(SAMPLE_MASKS)[row.index] >= 0) {
            token = NOTHING_FITS;
        }
        if (reports && token >= 0) {
            logprob = static_cast<float>(static_cast<double>(row.logits[token]) - logTotal);
        }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        *results.tokens = token;
        *results.logprobs = logprob;
        if (token >= 0 && !row.scores()) {
            s.newest[row.home] = token;
            state->generated++;
            if (state->penalises != 0) {
                uint32_t* count = s.counts + static_cast<size_t>(row.home) * s.vocabulary + token;
                *count = *count == 0 ? 2 : *count + 1;
            }
        }
    }
}
