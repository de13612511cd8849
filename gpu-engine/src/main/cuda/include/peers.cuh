// Kernels of several ranks that wait for each other, over memory of which every rank can read and write all.
//
// A meeting takes place between the blocks of the same number. Block b of every rank signals to block b of every other
// rank how often it has come to a meeting, and waits until the others have come as often:
//
//   rank 0  ... product ─► join: signal to 1, wait for 1 ─► read the sums of 0 and 1
//   rank 1  ... product ─► join: signal to 0, wait for 0 ─► read the sums of 0 and 1
//
// All ranks launch the same kernels with the same grids, so that the counts of a block agree. They only grow, and are
// kept in memory between launches: captured graphs contain no count. A block has come to its first meeting of a launch
// only when all earlier kernels of its rank have ended. So what a rank wrote before the launch is complete, and what it
// had to read in an earlier launch has been read.
#pragma once

#include "device.cuh"

constexpr int MOST_RANKS = 8;
constexpr int MOST_MEETING_BLOCKS = 64;

struct Peers {
    int rank;
    int ranks;
    uint32_t* counts;                 // [blocks] the meetings to which each block of this rank has come
    uint32_t* signals[MOST_RANKS];    // of every rank: [ranks][MOST_MEETING_BLOCKS], what the others signal to it
    uint64_t patienceNs;              // how long a block waits for another rank before it ends the kernel with an error
    const uint32_t* abandoned;        // in host memory: not 0 if a rank has failed and the wait must end
};

/// For this time, a waiting block reads only the signal in device memory. Afterwards each round of the wait also reads
/// `abandoned`, which is slower, because it is in host memory.
constexpr uint64_t HOST_LOOK_NS = 1000000;

/// Signals to a rank that this block has come to its meeting number `count`.
__device__ __forceinline__ void signalTo(const Peers& peers, int rank, uint32_t count) {
    storeRelease(peers.signals[rank] + peers.rank * MOST_MEETING_BLOCKS + blockIdx.x, count);
}

/// Waits until the block of the same number of a rank has come to its meeting number `count`.
__device__ __forceinline__ void waitFor(const Peers& peers, int rank, uint32_t count) {
    const uint32_t* signal = peers.signals[peers.rank] + rank * MOST_MEETING_BLOCKS + blockIdx.x;
    const uint64_t begin = nanoseconds();
    while (static_cast<int32_t>(loadAcquire(signal) - count) < 0) {
        const uint64_t waited = nanoseconds() - begin;
        if (waited > peers.patienceNs || (waited > HOST_LOOK_NS && loadAcquire(peers.abandoned) != 0)) {
            trap();
        }
        pauseThread();
    }
}

/// Copies numbers that another rank has written: a warp copies the chunk of that number, of 32 times LANE_NUMBERS
/// numbers, of which all are in flight before the first is stored.
template <int LANE_NUMBERS>
__device__ __forceinline__ void copyFresh(float* to, const float* from, int chunk, int count) {
    const int begin = chunk * WARP * LANE_NUMBERS + static_cast<int>(threadIdx.x) % WARP;
    float values[LANE_NUMBERS];
#pragma unroll
    for (int i = 0; i < LANE_NUMBERS; i++) {
        values[i] = begin + i * WARP < count ? loadFresh(from + begin + i * WARP) : 0;
    }
#pragma unroll
    for (int i = 0; i < LANE_NUMBERS; i++) {
        if (begin + i * WARP < count) {
            to[begin + i * WARP] = values[i];
        }
    }
}

/// Meets all other ranks. All threads of the block must call it. Afterwards they see everything that the blocks of the
/// same number wrote before, and that earlier kernels of all ranks wrote.
__device__ __forceinline__ void meet(const Peers& peers) {
    __syncthreads();
    const uint32_t count = peers.counts[blockIdx.x] + 1;
    const int other = static_cast<int>(threadIdx.x);
    if (other < peers.ranks && other != peers.rank) {
        signalTo(peers, other, count);
        waitFor(peers, other, count);
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        peers.counts[blockIdx.x] = count;
    }
}
