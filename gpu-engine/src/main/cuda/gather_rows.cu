// out[place] = in[row of the place]: copies rows so that they lie expert by expert.
//
// Grid: (columns / 256, places); 256 threads. Bound by memory.
#include "routes.cuh"

struct RowGathering {
    Tensor out;         // [places, columns]
    const float* in;    // [rows, columns]
    const int* rowsOfPlaces;
    const int* plan;
    int columns;
};

extern "C" __global__ void __launch_bounds__(256) gather_rows(RowGathering g) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int place = blockIdx.y;
    if (place >= Plan{g.plan}.live(PLAN_PLACES) || column >= g.columns) {
        return;
    }
    size_t from = static_cast<size_t>(g.rowsOfPlaces[place]) * g.columns + column;
    store(g.out, static_cast<size_t>(place) * g.columns + column, g.in[from]);
}
