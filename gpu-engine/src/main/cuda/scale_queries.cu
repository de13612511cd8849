// Scales queries by their position: query *= 1 + beta * log(1 + floor(position / every)).
//
// Grid: (width / 256, rows); 256 threads. Bound by memory.
#include "device.cuh"
#include "plan.cuh"

struct QueryScaling {
    float* queryKeyValue;    // [rows, columns], of which the first `width` columns are changed
    const int* plan;
    int columns;
    int width;
    int every;
    float beta;
};

extern "C" __global__ void __launch_bounds__(256) scale_queries(QueryScaling q) {
    const Plan plan{q.plan};
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int row = blockIdx.y;
    if (row >= plan.live(PLAN_ROWS) || column >= q.width) {
        return;
    }
    const int periods = plan.array(POSITIONS)[row] / q.every;
    q.queryKeyValue[static_cast<size_t>(row) * q.columns + column] *=
        1 + q.beta * logf(static_cast<float>(1 + periods));
}
