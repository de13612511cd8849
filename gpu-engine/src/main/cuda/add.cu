// hidden += delta.
//
// Grid: (columns / 256, rows); 256 threads. Bound by memory.
#include "operand.cuh"
#include "plan.cuh"

struct Addition {
    Tensor hidden;        // [rows, columns]
    const float* delta;   // [rows, columns]
    const int* plan;
    int counter;
    int columns;
};

extern "C" __global__ void __launch_bounds__(256) add(Addition a) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int row = blockIdx.y;
    if (row >= Plan{a.plan}.live(a.counter)) {
        return;
    }
    size_t at = static_cast<size_t>(row) * a.columns + column;
    float sum = column < a.columns ? a.hidden.values[at] + a.delta[at] : 0;
    storePiece(a.hidden, row, a.columns, column, sum);
}
