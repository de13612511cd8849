// Adds to each routed row the bias of its expert, after several ranks have summed their parts of the row.
//
// Grid: (columns / 256, places); 256 threads. Bound by memory.
#include "routes.cuh"

struct ExpertBiases {
    float* out;                // [places, columns]
    const float* biases;       // [experts, columns]
    const int* firstPlaces;    // [experts + 1]
    const int* plan;
    int counter;
    int experts;
    int columns;
};

extern "C" __global__ void __launch_bounds__(256) add_expert_biases(ExpertBiases b) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int place = blockIdx.y;
    if (place >= Plan{b.plan}.live(b.counter) || column >= b.columns) {
        return;
    }
    int expert = 0;    // the last one whose places begin at or before this place
    for (int end = b.experts; end - expert > 1;) {
        const int middle = (expert + end) / 2;
        if (b.firstPlaces[middle] <= place) {
            expert = middle;
        } else {
            end = middle;
        }
    }
    const float bias = b.biases[static_cast<size_t>(expert) * b.columns + column];
    b.out[static_cast<size_t>(place) * b.columns + column] += bias;
}
