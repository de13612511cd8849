// hidden += sum of weight * in over the experts of a row, in ascending order of the experts' numbers.
//
// Grid: (columns / 256, rows); 256 threads. Bound by memory.
#include "routes.cuh"

struct ExpertSum {
    Tensor hidden;      // [rows, columns]
    const float* in;    // [places, columns]
    Routes routes;
    const int* plan;
    int columns;
};

extern "C" __global__ void __launch_bounds__(256) add_experts(ExpertSum s) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int row = blockIdx.y;
    if (row >= Plan{s.plan}.live(PLAN_ROWS)) {
        return;
    }
    float value = 0;
    if (column < s.columns) {
        float sum = 0;
        for (int i = 0; i < s.routes.chosen; i++) {
            const size_t at = static_cast<size_t>(row) * s.routes.chosen + i;
            sum += s.routes.weights[at] * s.in[static_cast<size_t>(s.routes.places[at]) * s.columns + column];
        }
        value = s.hidden.values[static_cast<size_t>(row) * s.columns + column] + sum;
    }
    storePiece(s.hidden, row, s.columns, column, value);
}
