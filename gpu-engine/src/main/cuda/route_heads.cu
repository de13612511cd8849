// Numbers the pairs of a row and a head, head by head, as project_experts reads them: each head has all rows.
//
// Grid: 1; 256 threads. Bound by latency.
#include "plan.cuh"

struct HeadRoutes {
    int* firstPlaces;    // [heads + 1]
    const int* plan;
    int heads;
};

extern "C" __global__ void __launch_bounds__(256) route_heads(HeadRoutes r) {
    const int rows = Plan{r.plan}.live(PLAN_ROWS);
    for (int head = threadIdx.x; head <= r.heads; head += blockDim.x) {
        r.firstPlaces[head] = head * rows;
    }
}
