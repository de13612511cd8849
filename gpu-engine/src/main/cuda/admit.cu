// A sequence begins: its sampling state, its newest token, and, where it has penalties, how often each token occurs.
//
// Grid: 1; 1024 threads. Once in a sequence's life.
#include "sampling.cuh"

struct Admission {
    SamplingState* state;          // of the home
    int* newest;                   // of the home
    uint32_t* counts;              // [vocabulary] of the home: 0 absent, else 1 + times in the answer; or null
    int* rules;                    // of the home
    const SamplingState* from;     // staged
    const int* fromRules;          // [ruleWords] staged
    const int* history;            // [historyLength] staged, prompt before answer; empty where not needed
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
