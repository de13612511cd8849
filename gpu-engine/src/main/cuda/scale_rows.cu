// Multiplies each row by the sigmoid of its score: the gate of a shared expert.
//
// Grid: (columns / 256, rows); 256 threads. Bound by memory.
#include "operand.cuh"
#include "plan.cuh"

struct RowScaling {
    Tensor tensor;          // [rows, columns]
    const float* scores;    // [rows]
    const int* plan;
    int columns;
};

extern "C" __global__ void __launch_bounds__(256) scale_rows(RowScaling s) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int row = blockIdx.y;
    if (row >= Plan{s.plan}.live(PLAN_ROWS) || column >= s.columns) {
        return;
    }
    const auto factor = static_cast<float>(1 / (1 + exp(-static_cast<double>(s.scores[row]))));
    const size_t at = static_cast<size_t>(row) * s.columns + column;
    store(s.tensor, at, s.tensor.values[at] * factor);
}
