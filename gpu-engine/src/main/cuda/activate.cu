// The feed-forward layer's non-linearity; where gated, times the up-projection: silu(gate) * up and relatives (Shazeer
// 2020).
//
// Grid: (columns / 256, rows); 256 threads. Bound by memory.
#include "activation.cuh"
#include "operand.cuh"
#include "plan.cuh"

struct Activation {
    Tensor out;         // [rows, width]
    const float* in;    // [rows, width]; where gated, [rows, 2 * width], the gate before the up-projection
    const int* plan;
    int counter;
    int width;
    int kind;
    int gated;
};

extern "C" __global__ void __launch_bounds__(256) activate(Activation a) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int row = blockIdx.y;
    if (row >= Plan{a.plan}.live(a.counter) || column >= a.width) {
        return;
    }
    const float* in = a.in + static_cast<size_t>(row) * a.width * (a.gated != 0 ? 2 : 1);
    float value = activated(in[column], a.kind);
    store(a.out, static_cast<size_t>(row) * a.width + column,
            a.gated != 0 ? value * gateFactor(in[a.width + column], a.kind) : value);
}
