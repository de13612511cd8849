// Chooses the experts of each row: scores become probabilities, the groups with the best scores are selected, and in
// these the experts with the highest scores, the lowest number of equals. In double, as HostRoutes.java computes it.
//
// Grid: rows; 32 threads. Bound by latency.
#include "routes.cuh"

struct Routing {
    Routes routes;
    const float* scores;        // [rows, experts]
    const float* correction;    // [experts], added to the scores for the selection but not for the weights; or null
    const int* plan;
    int sigmoid;                // 1: scores become probabilities by sigmoid; 0: by softmax
    int normalised;             // 1: weights are divided by their sum
    int groups;
    int chosenGroups;
    float scale;
};

struct Selected {
    double score;
    int expert;    // -1 for none
};

__device__ __forceinline__ Selected better(const Selected& a, const Selected& b) {
    bool second = a.expert < 0
            || (b.expert >= 0 && (b.score > a.score || (b.score == a.score && b.expert < a.expert)));
    return second ? b : a;
}

/// The selectable expert with the highest score; any selectable one if a score is NaN. The result is equal in all
/// lanes.
__device__ Selected best(const double* selection, const int* closed, int from, int end) {
    Selected mine{0, -1};
    for (int expert = from + threadIdx.x; expert < end; expert += WARP) {
        if (closed[expert] == 0) {
            mine = better(mine, {selection[expert], expert});
        }
    }
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        mine = better(mine, {shuffleXor(mine.score, mask), shuffleXor(mine.expert, mask)});
    }
    return {shuffle(mine.score, 0), shuffle(mine.expert, 0)};
}

__device__ __forceinline__ void close(int* closed, int from, int end, int value) {
    __syncthreads();
    for (int i = from + threadIdx.x; i < end; i += WARP) {
        closed[i] = value;
    }
    __syncthreads();
}

/// Leaves only the experts of the best groups selectable. A group's score is that of its best expert (softmax scoring),
/// or the sum of its two best (sigmoid scoring).
__device__ void closeGroups(const Routing& r, const double* selection, double* groupScores, int* closed) {
    const int size = r.routes.count / r.groups;
    for (int group = 0; group < r.groups; group++) {
        const Selected first = best(selection, closed, group * size, (group + 1) * size);
        double score = first.score;
        if (r.sigmoid != 0 && size > 1) {
            close(closed, first.expert, first.expert + 1, 1);
            score += best(selection, closed, group * size, (group + 1) * size).score;
        }
        __syncthreads();
        groupScores[group] = score;
    }
    close(closed, 0, r.routes.count, 1);
    for (int i = 0; i < r.chosenGroups; i++) {
        int open = -1;
        for (int group = 0; group < r.groups; group++) {
            bool greater = open < 0 || groupScores[group] > groupScores[open];
            open = closed[group * size] != 0 && greater ? group : open;
        }
        close(closed, open * size, (open + 1) * size, 0);
    }
}

/// Converts scores to probabilities. Every lane adds the softmax's sum in the same order.
__device__ void weigh(const Routing& r, const float* from, double* scores) {
    const int count = r.routes.count;
    double greatest = from[0];
    for (int i = 1; i < count && r.sigmoid == 0; i++) {
        greatest = from[i] > greatest ? from[i] : greatest;
    }
    for (int i = threadIdx.x; i < count; i += WARP) {
        scores[i] = r.sigmoid != 0 ? 1 / (1 + exp(-static_cast<double>(from[i]))) : exp(from[i] - greatest);
    }
    __syncthreads();
    if (r.sigmoid == 0) {
        double total = 0;
        for (int i = 0; i < count; i++) {
            total += scores[i];
        }
        __syncthreads();
        for (int i = threadIdx.x; i < count; i += WARP) {
            scores[i] /= total;
        }
        __syncthreads();
    }
}

extern "C" __global__ void __launch_bounds__(32) route(Routing r) {
    const int row = blockIdx.x;
    if (row >= Plan{r.plan}.live(PLAN_ROWS)) {
        return;
    }
    const int count = r.routes.count;
    auto* scores = reinterpret_cast<double*>(sharedMemory());    // [count]
    double* selection = scores + count;                           // [count]
    double* groupScores = selection + count;                      // [groups]
    auto* closed = reinterpret_cast<int*>(groupScores + r.groups);    // [count]
    weigh(r, r.scores + static_cast<size_t>(row) * count, scores);
    for (int i = threadIdx.x; i < count; i += WARP) {
        selection[i] = scores[i] + (r.correction == nullptr ? 0 : r.correction[i]);
    }
    close(closed, 0, count, 0);
    if (r.chosenGroups < r.groups) {
        closeGroups(r, selection, groupScores, closed);
    }
    for (int i = 0; i < r.routes.chosen; i++) {
        const int expert = best(selection, closed, 0, count).expert;
        close(closed, expert, expert + 1, 2);
    }
    if (threadIdx.x == 0) {
        const size_t to = static_cast<size_t>(row) * r.routes.chosen;
        double total = r.sigmoid != 0 ? 1e-20 : 0;
        int at = 0;
        for (int expert = 0; expert < count; expert++) {
            if (closed[expert] == 2) {
                r.routes.experts[to + at++] = expert;
                total += scores[expert];
            }
        }
        const double factor = r.scale / (r.normalised != 0 ? total : 1);
        for (int i = 0; i < at; i++) {
            r.routes.weights[to + i] = static_cast<float>(scores[r.routes.experts[to + i]] * factor);
        }
    }
}
