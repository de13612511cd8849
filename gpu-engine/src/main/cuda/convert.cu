// Writes the 16-bit copies of a tensor whose values were written by a kernel that does not write copies.
//
// Grid: (columns / 256, rows); 256 threads. Bound by memory.
#include "operand.cuh"
#include "plan.cuh"

struct Conversion {
    Tensor tensor;      // [rows, columns]
    const int* plan;
    int counter;
    int columns;
};

extern "C" __global__ void __launch_bounds__(256) convert(Conversion c) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int row = blockIdx.y;
    if (row >= Plan{c.plan}.live(c.counter) || column >= c.columns) {
        return;
    }
    size_t at = static_cast<size_t>(row) * c.columns + column;
    store(c.tensor, at, c.tensor.values[at]);
}
