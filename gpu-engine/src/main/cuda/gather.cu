// out[i] = hidden[sampleRows[i]]: copies the rows whose logits are needed, so that the head is computed for them alone.
//
// Grid: (columns / 256, samples); 256 threads. Bound by memory.
#include "operand.cuh"
#include "plan.cuh"

struct Gathering {
    Tensor out;             // [samples, columns]
    const float* hidden;    // [rows, columns]
    const int* plan;
    int columns;
};

extern "C" __global__ void __launch_bounds__(256) gather(Gathering g) {
    const Plan plan{g.plan};
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int sample = blockIdx.y;
    if (sample >= plan.live(PLAN_SAMPLES) || column >= g.columns) {
        return;
    }
    size_t from = static_cast<size_t>(plan.array(SAMPLE_ROWS)[sample]) * g.columns + column;
    store(g.out, static_cast<size_t>(sample) * g.columns + column, g.hidden[from]);
}
