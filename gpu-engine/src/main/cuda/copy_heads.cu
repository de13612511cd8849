// Copies numbers of each head between a tensor [rows, heads * stride] and a tensor [heads * rows, columns], or between
// two tensors of one of these layouts.
//
// Grid: (width / 256, heads, rows); 256 threads. Bound by memory.
#include "operand.cuh"
#include "plan.cuh"

/// Where a head's numbers lie: `stride` columns apart in the row, or, if it is 0, in a row for each head and row.
struct HeadPlace {
    int columns;
    int stride;
    int first;

    __device__ __forceinline__ size_t at(int rows, int row, int head) const {
        return stride == 0
                ? static_cast<size_t>(head * rows + row) * columns + first
                : static_cast<size_t>(row) * columns + head * stride + first;
    }
};

struct HeadCopy {
    Tensor out;
    const float* in;
    const int* plan;
    HeadPlace to;
    HeadPlace from;
    int width;
};

extern "C" __global__ void __launch_bounds__(256) copy_heads(HeadCopy c) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int head = blockIdx.y;
    const int row = blockIdx.z;
    const int rows = Plan{c.plan}.live(PLAN_ROWS);
    if (row < rows && column < c.width) {
        store(c.out, c.to.at(rows, row, head) + column, c.in[c.from.at(rows, row, head) + column]);
    }
}
