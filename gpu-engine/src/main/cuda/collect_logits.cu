// Copies the logits that each rank has computed for its part of the vocabulary to the first rank, which draws.
//
// Grid: as join.cu; 512 threads. Bound by the link between the devices.
#include "peers.cuh"
#include "plan.cuh"

constexpr int COLLECT_THREADS = 512;
constexpr int LANE_TOKENS = 8;
constexpr int CHUNK_TOKENS = WARP * LANE_TOKENS;

struct LogitCollection {
    Peers peers;
    const float* parts[MOST_RANKS];    // of every rank: [samples, its tokens]
    float* logits;                     // [samples, vocabulary]; written on the first rank
    const int* plan;
    int firstTokens[MOST_RANKS];       // the first token of each rank; ranks have consecutive tokens
    int vocabulary;
};

/// Copies a chunk of one rank's logits of a sample.
__device__ __forceinline__ void copyChunk(const LogitCollection& c, int rank, int sample, int chunk) {
    const int first = c.firstTokens[rank];
    const int tokens = (rank + 1 < c.peers.ranks ? c.firstTokens[rank + 1] : c.vocabulary) - first;
    const float* from = c.parts[rank] + static_cast<size_t>(sample) * tokens;
    float* to = c.logits + static_cast<size_t>(sample) * c.vocabulary + first;
    copyFresh<LANE_TOKENS>(to, from, chunk, tokens);
}

extern "C" __global__ void __launch_bounds__(COLLECT_THREADS)
        collect_logits(const __grid_constant__ LogitCollection c) {
    meet(c.peers);
    if (c.peers.rank != 0) {
        return;
    }
    const int samples = Plan{c.plan}.live(PLAN_SAMPLES);
    const int most = (c.vocabulary + c.peers.ranks - 1) / c.peers.ranks;    // tokens of a rank, at most
    const int chunks = (most + CHUNK_TOKENS - 1) / CHUNK_TOKENS;
    const int warps = COLLECT_THREADS / WARP;
    const int all = samples * c.peers.ranks * chunks;
    for (int i = blockIdx.x * warps + threadIdx.x / WARP; i < all; i += gridDim.x * warps) {
        copyChunk(c, i / chunks % c.peers.ranks, i / chunks / c.peers.ranks, i % chunks);
    }
}
