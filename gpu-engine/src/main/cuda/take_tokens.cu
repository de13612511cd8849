// Copies the tokens that the first rank has drawn in this step to the other ranks, for their next step.
//
// Grid: 1; 256 threads. Bound by latency.
#include "peers.cuh"
#include "plan.cuh"

struct TokenTaking {
    Peers peers;
    int* newest;           // [homes] of this rank
    const int* drawn;      // [homes] of the first rank
    const int* plan;
};

/// The first rank signals and does not wait, so that the host may launch the kernels of the ranks one after another.
extern "C" __global__ void __launch_bounds__(256) take_tokens(const __grid_constant__ TokenTaking t) {
    const uint32_t count = *t.peers.counts + 1;
    const int other = static_cast<int>(threadIdx.x);
    __syncthreads();
    if (threadIdx.x == 0) {
        *t.peers.counts = count;
    }
    if (t.peers.rank == 0) {
        if (other > 0 && other < t.peers.ranks) {
            signalTo(t.peers, other, count);
        }
        return;
    }
    if (threadIdx.x == 0) {
        waitFor(t.peers, 0, count);
    }
    __syncthreads();
    const Plan plan{t.plan};
    const int samples = plan.live(PLAN_SAMPLES);
    for (int sample = threadIdx.x; sample < samples; sample += blockDim.x) {
        const int home = plan.array(SAMPLE_HOMES)[sample];
        t.newest[home] = loadFresh(t.drawn + home);
    }
}
