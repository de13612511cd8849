// Numbers the places (pairs of a row and one of its experts) after all rows have chosen: expert by expert, and for each
// expert its rows in order.
//
// Grid: 1; 1024 threads, which take one expert each at a time. Bound by latency.
#include "routes.cuh"

struct Grouping {
    Routes routes;
    const int* plan;
};

extern "C" __global__ void __launch_bounds__(1024) group_rows(Grouping g) {
    const Routes& routes = g.routes;
    const int places = Plan{g.plan}.live(PLAN_PLACES);
    auto* first = reinterpret_cast<int*>(sharedMemory());    // [count + 1]
    for (int expert = threadIdx.x; expert < routes.count; expert += blockDim.x) {
        int rows = 0;
#pragma unroll 8
        for (int i = 0; i < places; i++) {
            rows += routes.experts[i] == expert ? 1 : 0;
        }
        first[expert + 1] = rows;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        first[0] = 0;
        for (int expert = 0; expert < routes.count; expert++) {
            first[expert + 1] += first[expert];
        }
    }
    __syncthreads();
    for (int expert = threadIdx.x; expert <= routes.count; expert += blockDim.x) {
        int place = first[expert];
        routes.firstPlaces[expert] = place;
        for (int i = 0; expert < routes.count && place < first[expert + 1]; i++) {
            if (routes.experts[i] == expert) {
                routes.places[i] = place;
                routes.rowsOfPlaces[place++] = i / routes.chosen;
            }
        }
    }
}
