// Copies the queries, or the keys, of the heads of all ranks to every rank, for a norm over all heads together.
//
// One after another, the heads of all ranks are the heads of the model, each as many times as ranks have copies of it.
// The first copy is read. As in join.cu, ranks write what others read to two tensors alternately.
//
// Grid: as join.cu; 512 threads. Bound by latency, then by the link between the devices.
#include "peers.cuh"
#include "plan.cuh"

constexpr int GATHER_THREADS = 512;
constexpr int LANE_NUMBERS = 4;
constexpr int CHUNK_NUMBERS = WARP * LANE_NUMBERS;

struct HeadGathering {
    Peers peers;
    const float* parts[MOST_RANKS];    // of every rank: [rows, columns]
    float* whole;                      // [rows, heads * width]
    const int* plan;
    int columns;
    int first;        // the column of a rank's first head
    int partHeads;    // of each rank
    int width;        // of a head
    int heads;        // of all ranks, without copies
    int copies;       // how often each head is on a rank
};

extern "C" __global__ void __launch_bounds__(GATHER_THREADS)
        gather_heads(const __grid_constant__ HeadGathering g) {
    meet(g.peers);
    const int chunks = (g.width + CHUNK_NUMBERS - 1) / CHUNK_NUMBERS;
    const int warps = GATHER_THREADS / WARP;
    const int all = Plan{g.plan}.live(PLAN_ROWS) * g.heads * chunks;
    for (int i = blockIdx.x * warps + threadIdx.x / WARP; i < all; i += gridDim.x * warps) {
        const int rowHead = i / chunks;    // counts the heads of all rows
        const int place = rowHead % g.heads * g.copies;
        const float* from = g.parts[place / g.partHeads] + static_cast<size_t>(rowHead / g.heads) * g.columns + g.first
                + place % g.partHeads * g.width;
        copyFresh<LANE_NUMBERS>(g.whole + static_cast<size_t>(rowHead) * g.width, from, i % chunks, g.width);
    }
}
