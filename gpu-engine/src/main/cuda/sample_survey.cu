// The first of three kernels that draw tokens (sample.cuh): applies the soft cap, finds out whether all logits are
// finite, finds the greatest logit before and after biases, masks and penalties, and writes the adjusted logits to
// `weights`.
//
// Grid: (samples, parts of the vocabulary); 512 threads. Bound by memory (L2).
#include "sample.cuh"

/// Adjusts the logits of this part's tokens that have biases, and masks ending tokens that may not be drawn yet. All
/// other logits have been adjusted before.
__device__ void applyBiases(const SampleRow& row, int first, int end) {
    const SamplingState& state = *row.state;
    for (int i = threadIdx.x; i < state.biases; i += SAMPLE_THREADS) {
        int id = state.biasTokens()[i];
        if (id >= first && id < end) {
            row.weights[id] = row.adjusted(row.logits[id] + state.biasValue(i), id);
        }
    }
    __syncthreads();
    if (row.endingsMasked()) {
        for (int i = threadIdx.x; i < state.endings; i += SAMPLE_THREADS) {
            int id = state.rules[i];
            if (id >= first && id < end) {
                row.weights[id] = bitsToFloat(0xFF800000U);
            }
        }
    }
    __syncthreads();
}

extern "C" __global__ void __launch_bounds__(SAMPLE_THREADS, 3) sample_survey(Sampling s) {
    const Plan plan{s.plan};
    if (static_cast<int>(blockIdx.x) >= plan.live(PLAN_SAMPLES)) {
        return;
    }
    auto* partial = reinterpret_cast<uint64_t*>(sharedMemory());
    const SampleRow row(s, plan, blockIdx.x);
    const int first = blockIdx.y * PART_TOKENS;
    const int end = min(first + PART_TOKENS, s.vocabulary);
    const bool adjusts = row.adjusts();
    uint64_t bad = 0;
    uint64_t best = 0;
#pragma unroll 4
    for (int id = first + threadIdx.x; id < end; id += SAMPLE_THREADS) {
        float logit = row.logits[id];
        bad += isFinite(logit) ? 0 : 1;
        if (s.softCap != 0) {
            logit = softCapped(logit, s.softCap);
            row.logits[id] = logit;
        }
        uint64_t r = rank(logit, id);
        best = r > best ? r : best;
        if (adjusts) {
            row.weights[id] = row.adjusted(logit, id);
        }
    }
    bad = blockTotal(bad, partial);
    const uint64_t bestRaw = blockGreatest(best, partial);
    best = bestRaw;
    if (adjusts) {
        applyBiases(row, first, end);
        best = 0;
        for (int id = first + threadIdx.x; id < end; id += SAMPLE_THREADS) {
            uint64_t r = rank(row.weights[id], id);
            best = r > best ? r : best;
        }
        best = blockGreatest(best, partial);
    }
    if (threadIdx.x == 0) {
        SamplePart& part = row.parts[blockIdx.y];
        part.bad = static_cast<uint32_t>(bad);
        part.bestRaw = bestRaw;
        part.best = best;
    }
}
