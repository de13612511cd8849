// Writes the state of a sequence that begins in a home: its sampling state, its newest token, and, where it has
// penalties, how often each token occurs.
//
// Grid: 1; 1024 threads. Launched once for each admission.
#include "sampling.cuh"

struct Admission {
    SamplingState* state;          // state of the home that the sequence gets
    int* newest;                   // newest token of the home
    // [vocabulary] of the home: 0 for absent tokens, else 1 + occurrences in the answer; null without penalties
    uint32_t* counts;
    int* rules;                    // rules of the home
    const SamplingState* from;     // staged copy
    const int* fromRules;          // [ruleWords], staged copy
    const int* history;            // [historyLength], staged copy of prompt then answer; empty without penalties
    int ruleWords;
    int historyLength;
    int promptLength;
    int newestToken;
    int vocabulary;
};

extern "C" __global__ void __launch_bounds__(1024) admit(Admission a) {
    for (int i = threadIdx.x; i < a.ruleWords; i += blockDim.x) {
        a.rules[i] = a.fromRules[i];
    }
    if (threadIdx.x == 0) {
        *a.state = *a.from;
        *a.newest = a.newestToken;
    }
    if (a.counts == nullptr) {
        return;
    }
    for (int i = threadIdx.x; i < a.vocabulary; i += blockDim.x) {
        a.counts[i] = 0;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < a.historyLength; i += blockDim.x) {
        a.counts[a.history[i]] = 1;
    }
    __syncthreads();
    for (int i = a.promptLength + threadIdx.x; i < a.historyLength; i += blockDim.x) {
        addAtomic(a.counts + a.history[i], 1U);
    }
}
