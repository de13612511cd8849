// Attention of each row over the cached keys of its own sequence: online softmax (FlashAttention-2, Dao 2023) over
// paged keys (Kwon et al. 2023), in splits of 256 positions (flash-decoding) aligned to position 0.
//
//   work item = a tile (up to 16 query heads of consecutive rows that share a KV head) and one split, or all its splits
//   warp w of a split processes positions 64 w to 64 w + 63, in two pieces of 32; the four warps are merged in order
//   splits are merged in order: by the last block to arrive, or one after another by a block that processes all of them
//
// A row undergoes the same operations whatever other rows are in its tile, and both ways to merge are the same
// operations. So its bits do not depend on the batch, on chunking, or on prefill or decode. A piece or split of which a
// row sees no position does not change the row's result.
//
// Keys and values are read once for each tile, 16 contiguous bytes a lane, directly into fragments of mma.m16n8k16. The
// positions of a piece are assigned to the columns of the products so that the accumulators of the scores already have
// the layout of the second product's operand, and a lane's fragment of values is 8 contiguous positions: column c of
// product i is position 8 * (c / 2) + 2 * i + c % 2.
//
// Grid: (persistent blocks, KV heads * head tiles); 128 threads, 256 for wide heads. Decoding is bound by memory.
#pragma once

#include "cache.cuh"
#include "operand.cuh"
#include "plan.cuh"

struct Attention {
    Tensor out;                    // [rows, heads * headDim]
    const float* queryKeyValue;    // [rows, (heads + 2 kvHeads) * headDim]
    Cache cache;
    float* scratch;                // [scratch entries][gridDim.y][16 * (width + 2)]
    uint32_t* counters;            // [tiles][gridDim.y], all zero between launches
    const int* plan;
    int layer;
    int heads;
    int window;                    // how many positions a row sees; 0 for all
    float scale;
    float softCap;                 // 0 for none
    const float* sinks;            // [heads] scores that have no key and no value, or null
};

constexpr int POSITION_WARPS = 4;

/// The sums of a wide head do not fit into the registers of one warp: two warps share its dimensions, and both compute
/// all scores.
template <int WIDTH>
constexpr int DIM_WARPS = WIDTH > 128 ? 2 : 1;

template <int WIDTH>
constexpr int ATTENTION_THREADS = POSITION_WARPS * DIM_WARPS<WIDTH> * WARP;

/// Blocks that must fit on a multiprocessor at a time, which limits their registers.
template <int WIDTH>
constexpr int ATTENTION_BLOCKS = WIDTH <= 64 ? 3 : WIDTH <= 128 ? 2 : 1;

/// Loads of a piece's values that are issued before its softmax: as many as fit into registers.
template <int WIDTH>
constexpr int EARLY_VALUES = 4;

constexpr int SPLIT = 256;
constexpr int WARP_POSITIONS = 64;
constexpr int PIECE = 32;
constexpr int QUERIES = 16;
constexpr float LOG2_E = 1.4426950408889634F;

__device__ __forceinline__ float noScore() {
    return bitsToFloat(0xFF800000U);    // -infinity
}

/// The greatest score before any key, times log2(e): the head's sink if there are sinks.
__device__ __forceinline__ float firstGreatest(const Attention& a, int head) {
    return a.sinks == nullptr ? noScore() : a.sinks[head] * LOG2_E;
}

/// The last tile whose first item is at or before `item`, by binary search.
__device__ __forceinline__ int tileOfItem(const int* firstItems, int tiles, int item) {
    int low = 0;
    int high = tiles - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (firstItems[middle] <= item) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/// Up to 16 queries that share keys: `headsInTile` heads of each of `rows` consecutive rows of one slice.
struct QueryTile {
    int index;
    int firstRow;
    int rows;
    int home;
    int firstPosition;
    int kvHead;
    int firstHead;       // its number among all query heads
    int headsInTile;
    int scratch;
    int split;           // the only split of this item, if it has scratch memory

    __device__ __forceinline__ QueryTile(const Plan& plan, int item, int heads, int kvHeads) {
        const int* firstItems = plan.array(TILE_ITEMS);
        index = tileOfItem(firstItems, plan.live(PLAN_TILES), item);
        split = item - firstItems[index];
        firstRow = plan.array(TILE_FIRST_ROWS)[index];
        rows = plan.array(TILE_ROWS)[index];
        scratch = plan.array(TILE_SCRATCH)[index];
        home = plan.array(HOMES)[firstRow];
        firstPosition = plan.array(POSITIONS)[firstRow];
        const int group = heads / kvHeads;
        const int headTiles = (group + QUERIES - 1) / QUERIES;
        kvHead = blockIdx.y / headTiles;
        int headInGroup = blockIdx.y % headTiles * QUERIES;
        firstHead = kvHead * group + headInGroup;
        headsInTile = min(QUERIES, group - headInGroup);
    }
    /// How many of the QUERIES queries exist; they are the first ones.
    __device__ __forceinline__ int queries() const {
        return rows * headsInTile;
    }
    __device__ __forceinline__ int rowOf(int query) const {
        return query / headsInTile;
    }
    __device__ __forceinline__ bool has(int query) const {
        return rowOf(query) < rows;
    }
    __device__ __forceinline__ int positionOf(int query) const {
        return firstPosition + rowOf(query);
    }
    __device__ __forceinline__ int headOf(int query) const {
        return firstHead + query % headsInTile;
    }
    __device__ __forceinline__ int lastPosition() const {
        return firstPosition + rows - 1;
    }
    /// The first position that any row of the tile sees.
    __device__ __forceinline__ int firstSeen(int window) const {
        return window > 0 ? max(0, firstPosition - window + 1) : 0;
    }
};

/// One step of the running softmax of a query: the factors of its old and new sums, the greatest score so far (times
/// log2(e)), and the sum of weights.
struct Merge {
    float kept;     // factor of the sums so far
    float added;    // factor of the sums that are merged in
    float greatest;
    float sum;
};

__device__ __forceinline__ Merge merge(float greatest, float sum, float nextGreatest, float nextSum) {
    if (nextGreatest == noScore()) {
        return {1, 0, greatest, sum};
    }
    float m = fmaxf(greatest, nextGreatest);
    float kept = exp2Fast(greatest - m);
    float added = exp2Fast(nextGreatest - m);
    return {kept, added, m, fmaf(nextSum, added, sum * kept)};
}

/// Shared memory of a block.
template <int WIDTH>
struct AttentionShared {
    static constexpr int STRIDE = WIDTH + 4;
    uint32_t queries[WIDTH / 32][2][WARP][4];    // fragments, in the order they are read
    float greatest[POSITION_WARPS][QUERIES];
    float sum[POSITION_WARPS][QUERIES];
    float mergedGreatest[QUERIES];
    float mergedSum[QUERIES];
    float kept[QUERIES];
    float added[QUERIES];
    int last;
    float out[POSITION_WARPS][QUERIES][STRIDE];
    float merged[QUERIES][STRIDE];
};

template <class Operand, int WIDTH>
__device__ __forceinline__ void loadQueries(
        const Attention& a, const QueryTile& tile, AttentionShared<WIDTH>& shared) {
    const int stride = (a.heads + 2 * a.cache.kvHeads) * a.cache.headDim;
    for (int i = threadIdx.x; i < WIDTH / 32 * 2 * WARP * 4; i += ATTENTION_THREADS<WIDTH>) {
        int slot = i % 4;
        int lane = i / 4 % WARP;
        int step = i / (4 * WARP) % 2;
        int query = lane / 4 + slot % 2 * 8;
        int dim = i / (8 * WARP) * 32 + lane % 4 * 8 + step * 4 + slot / 2 * 2;
        float low = 0;
        float high = 0;
        if (tile.has(query)) {
            const float* from = a.queryKeyValue + static_cast<size_t>(tile.firstRow + tile.rowOf(query)) * stride
                    + tile.headOf(query) * a.cache.headDim;
            low = dim < a.cache.headDim ? from[dim] : 0;
            high = dim + 1 < a.cache.headDim ? from[dim + 1] : 0;
        }
        shared.queries[i / (8 * WARP)][step][lane][slot] = Operand::pack(low, high);
    }
}

/// Scales, caps and masks this lane's scores of product `i` of a piece, times log2(e). A position that a query does not
/// see gets -infinity.
__device__ __forceinline__ void maskScores(
        const Attention& a, const QueryTile& tile, int position, float (&scores)[4]) {
    const int lane = threadIdx.x % WARP;
#pragma unroll
    for (int k = 0; k < 4; k++) {
        int query = lane / 4 + k / 2 * 8;
        int last = tile.positionOf(query);
        int seen = position + k % 2;
        float score = scores[k] * a.scale;
        if (a.softCap != 0) {
            score = a.softCap * tanhf(score / a.softCap);
        }
        bool visible = tile.has(query) && seen <= last && (a.window == 0 || seen > last - a.window);
        scores[k] = visible ? score * LOG2_E : noScore();
    }
}

/// Sets the positions of a run of 8 from `valid` on to zero: memory beyond a sequence's end may hold any bits.
__device__ __forceinline__ uint32_t keepPair(uint32_t pair, int valid) {
    return valid >= 2 ? pair : valid == 1 ? pair & 0xFFFFU : 0;
}

__device__ __forceinline__ Word4 keepFirst(Word4 run, int valid) {
    run.x = keepPair(run.x, valid);
    run.y = keepPair(run.y, valid - 2);
    run.z = keepPair(run.z, valid - 4);
    run.w = keepPair(run.w, valid - 6);
    return run;
}

/// The running softmax of one lane over the positions of a split that its warp processes.
template <class Operand, int WIDTH>
struct WarpAttention {
    float greatest[2];     // greatest scores of queries lane / 4 and lane / 4 + 8
    float sum[2];          // sums of weights in this lane's columns alone
    float out[WIDTH / 8 / DIM_WARPS<WIDTH>][4];

    static __device__ __forceinline__ int firstDim() {
        return threadIdx.x / (POSITION_WARPS * WARP) * (WIDTH / DIM_WARPS<WIDTH>);
    }

    __device__ __forceinline__ WarpAttention() : greatest{noScore(), noScore()}, sum{0, 0}, out{} {}

    __device__ __forceinline__ void takePiece(
            const Attention& a, const QueryTile& tile, const AttentionShared<WIDTH>& shared, int piece) {
        const int lane = threadIdx.x % WARP;
        const int run = piece + lane % 4 * 8;
        const int valid = tile.lastPosition() - run + 1;
        const size_t values = a.cache.valueAt(
                tile.home, min(run, tile.lastPosition() & ~7), a.layer, tile.kvHead)
                + static_cast<size_t>(firstDim() + lane / 4) * a.cache.blockTokens;
        float scores[4][4] = {};
        scorePiece(a, tile, shared, piece, scores);
        Word4 early[EARLY_VALUES<WIDTH>];    // loaded while the softmax is computed
#pragma unroll
        for (int n = 0; n < EARLY_VALUES<WIDTH>; n++) {
            early[n] = valuesAt(a, values, n);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            maskScores(a, tile, piece + lane % 4 * 8 + 2 * i, scores[i]);
        }
        rescale(scores);
        uint32_t weights[2][4];
#pragma unroll
        for (int step = 0; step < 2; step++) {
            weights[step][0] = Operand::pack(scores[2 * step][0], scores[2 * step][1]);
            weights[step][1] = Operand::pack(scores[2 * step][2], scores[2 * step][3]);
            weights[step][2] = Operand::pack(scores[2 * step + 1][0], scores[2 * step + 1][1]);
            weights[step][3] = Operand::pack(scores[2 * step + 1][2], scores[2 * step + 1][3]);
        }
#pragma unroll
        for (int n = 0; n < WIDTH / 8 / DIM_WARPS<WIDTH>; n++) {
            Word4 v = keepFirst(n < EARLY_VALUES<WIDTH> ? early[n < EARLY_VALUES<WIDTH> ? n : 0]
                    : valuesAt(a, values, n), valid);
            Operand::multiply(out[n], weights[0], v.x, v.y);
            Operand::multiply(out[n], weights[1], v.z, v.w);
        }
    }

    /// Loads the values at eight positions, for this lane's dimension of product `n`.
    static __device__ __forceinline__ Word4 valuesAt(const Attention& a, size_t values, int n) {
        return load16(a.cache.blocks + (values + static_cast<size_t>(n) * 8 * a.cache.blockTokens) * sizeof(uint16_t));
    }

    __device__ __forceinline__ void scorePiece(
            const Attention& a, const QueryTile& tile, const AttentionShared<WIDTH>& shared, int piece,
            float (&scores)[4][4]) {
        const int lane = threadIdx.x % WARP;
        const unsigned char* keys[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int position = min(piece + lane / 8 * 8 + 2 * i + lane / 4 % 2, tile.lastPosition());
            keys[i] = a.cache.blocks
                    + (a.cache.keyAt(tile.home, position, a.layer, tile.kvHead) + lane % 4 * 8) * sizeof(uint16_t);
        }
        // Unrolling further would keep more loads of a wide head in flight than registers can hold without spills.
        [[maybe_unused]] constexpr int AHEAD = WIDTH > 128 ? 2 : WIDTH / 32;
#pragma unroll AHEAD
        for (int dims = 0; dims < WIDTH / 32; dims++) {
            uint32_t query[2][4];
#pragma unroll
            for (int step = 0; step < 2; step++) {
                Word4 q = *reinterpret_cast<const Word4*>(shared.queries[dims][step][lane]);
                query[step][0] = q.x;
                query[step][1] = q.y;
                query[step][2] = q.z;
                query[step][3] = q.w;
            }
#pragma unroll
            for (int i = 0; i < 4; i++) {
                Word4 k = load16(keys[i] + dims * 64);
                Operand::multiply(scores[i], query[0], k.x, k.y);
                Operand::multiply(scores[i], query[1], k.z, k.w);
            }
        }
    }

    /// Replaces scores by weights, and rescales the sums so far to the new greatest score.
    __device__ __forceinline__ void rescale(float (&scores)[4][4]) {
#pragma unroll
        for (int side = 0; side < 2; side++) {
            float m = greatest[side];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                m = fmaxf(m, fmaxf(scores[i][2 * side], scores[i][2 * side + 1]));
            }
            m = fmaxf(m, shuffleXor(m, 1));
            m = fmaxf(m, shuffleXor(m, 2));
            float base = m == noScore() ? 0 : m;
            float factor = exp2Fast(greatest[side] - base);
            greatest[side] = m;
            float total = 0;
#pragma unroll
            for (int i = 0; i < 4; i++) {
#pragma unroll
                for (int k = 2 * side; k < 2 * side + 2; k++) {
                    scores[i][k] = exp2Fast(scores[i][k] - base);
                    total += scores[i][k];
                }
            }
            sum[side] = fmaf(sum[side], factor, total);
#pragma unroll
            for (int n = 0; n < WIDTH / 8 / DIM_WARPS<WIDTH>; n++) {
                out[n][2 * side] *= factor;
                out[n][2 * side + 1] *= factor;
            }
        }
    }

    __device__ __forceinline__ void deposit(AttentionShared<WIDTH>& shared) {
        const int lane = threadIdx.x % WARP;
        const int warp = threadIdx.x / WARP % POSITION_WARPS;
#pragma unroll
        for (int side = 0; side < 2; side++) {
            sum[side] += shuffleXor(sum[side], 1);
            sum[side] += shuffleXor(sum[side], 2);
            int query = lane / 4 + side * 8;
            if (lane % 4 == 0 && firstDim() == 0) {
                shared.greatest[warp][query] = greatest[side];
                shared.sum[warp][query] = sum[side];
            }
#pragma unroll
            for (int n = 0; n < WIDTH / 8 / DIM_WARPS<WIDTH>; n++) {
                shared.out[warp][query][firstDim() + n * 8 + lane % 4 * 2] = out[n][2 * side];
                shared.out[warp][query][firstDim() + n * 8 + lane % 4 * 2 + 1] = out[n][2 * side + 1];
            }
        }
    }
};

/// Attention over one split by four warps, whose results are merged in order into the first warp's arrays.
template <class Operand, int WIDTH>
__device__ __forceinline__ void attendSplit(
        const Attention& a, const QueryTile& tile, AttentionShared<WIDTH>& shared, int split) {
    {
        WarpAttention<Operand, WIDTH> attention;
        const int first = split * SPLIT + threadIdx.x / WARP % POSITION_WARPS * WARP_POSITIONS;
        const int seen = tile.firstSeen(a.window);
#pragma unroll 1
        for (int piece = first; piece < first + WARP_POSITIONS; piece += PIECE) {
            if (piece <= tile.lastPosition() && piece + PIECE > seen) {
                attention.takePiece(a, tile, shared, piece);
            }
        }
        attention.deposit(shared);
    }
    for (int warp = 1; warp < POSITION_WARPS; warp++) {
        __syncthreads();
        if (static_cast<int>(threadIdx.x) < tile.queries()) {
            int query = threadIdx.x;
            Merge m = merge(shared.greatest[0][query], shared.sum[0][query],
                    shared.greatest[warp][query], shared.sum[warp][query]);
            shared.greatest[0][query] = m.greatest;
            shared.sum[0][query] = m.sum;
            shared.kept[query] = m.kept;
            shared.added[query] = m.added;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < tile.queries() * WIDTH; i += ATTENTION_THREADS<WIDTH>) {
            float& out = shared.out[0][i / WIDTH][i % WIDTH];
            out = fmaf(shared.out[warp][i / WIDTH][i % WIDTH], shared.added[i / WIDTH],
                    out * shared.kept[i / WIDTH]);
        }
    }
    __syncthreads();
}

template <int WIDTH>
__device__ __forceinline__ void beginMerge(const Attention& a, const QueryTile& tile, AttentionShared<WIDTH>& shared) {
    for (int i = threadIdx.x; i < tile.queries() * WIDTH; i += ATTENTION_THREADS<WIDTH>) {
        shared.merged[i / WIDTH][i % WIDTH] = 0;
    }
    if (static_cast<int>(threadIdx.x) < tile.queries()) {
        shared.mergedGreatest[threadIdx.x] = firstGreatest(a, tile.headOf(threadIdx.x));
        shared.mergedSum[threadIdx.x] = a.sinks == nullptr ? 0 : 1;
    }
    __syncthreads();
}

/// Merges the next split into the tile's result. Greatest scores and sums are functions of a query, outputs are a
/// function of a query and a dimension.
template <int WIDTH, class Greatest, class Sum, class Out>
__device__ __forceinline__ void mergeSplit(
        const QueryTile& tile, AttentionShared<WIDTH>& shared, Greatest greatest, Sum sum, Out out) {
    if (static_cast<int>(threadIdx.x) < tile.queries()) {
        int query = threadIdx.x;
        Merge m = merge(shared.mergedGreatest[query], shared.mergedSum[query], greatest(query), sum(query));
        shared.mergedGreatest[query] = m.greatest;
        shared.mergedSum[query] = m.sum;
        shared.kept[query] = m.kept;
        shared.added[query] = m.added;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < tile.queries() * WIDTH; i += ATTENTION_THREADS<WIDTH>) {
        float& merged = shared.merged[i / WIDTH][i % WIDTH];
        merged = fmaf(out(i / WIDTH, i % WIDTH), shared.added[i / WIDTH], merged * shared.kept[i / WIDTH]);
    }
    __syncthreads();
}

template <int WIDTH>
__device__ __forceinline__ void writeTile(const Attention& a, const QueryTile& tile, AttentionShared<WIDTH>& shared) {
    for (int i = threadIdx.x; i < tile.queries() * WIDTH; i += ATTENTION_THREADS<WIDTH>) {
        int query = i / WIDTH;
        int dim = i % WIDTH;
        if (dim < a.cache.headDim) {
            size_t at = (static_cast<size_t>(tile.firstRow + tile.rowOf(query)) * a.heads + tile.headOf(query))
                    * a.cache.headDim + dim;
            store(a.out, at, shared.merged[query][dim] / shared.mergedSum[query]);
        }
    }
    __syncthreads();
}

/// Writes the result of this item's split to scratch memory. The last block of a tile to arrive merges all splits of
/// the tile and returns true.
template <int WIDTH>
__device__ __forceinline__ bool lastToArrive(
        const Attention& a, const QueryTile& tile, AttentionShared<WIDTH>& shared, int firstSplit, int lastSplit) {
    constexpr int ENTRY = QUERIES * (WIDTH + 2);
    auto entry = [&](int split) {
        return a.scratch + (static_cast<size_t>(tile.scratch + split) * gridDim.y + blockIdx.y) * ENTRY;
    };
    float* mine = entry(tile.split);
    for (int i = threadIdx.x; i < tile.queries() * WIDTH; i += ATTENTION_THREADS<WIDTH>) {
        mine[2 * QUERIES + i] = shared.out[0][i / WIDTH][i % WIDTH];
    }
    if (static_cast<int>(threadIdx.x) < tile.queries()) {
        mine[threadIdx.x] = shared.greatest[0][threadIdx.x];
        mine[QUERIES + threadIdx.x] = shared.sum[0][threadIdx.x];
    }
    __syncthreads();
    uint32_t* counter = a.counters + static_cast<size_t>(tile.index) * gridDim.y + blockIdx.y;
    if (threadIdx.x == 0) {
        shared.last = arrive(counter) == static_cast<uint32_t>(lastSplit - firstSplit) ? 1 : 0;
    }
    __syncthreads();
    if (shared.last == 0) {
        return false;
    }
    if (threadIdx.x == 0) {
        *counter = 0;
    }
    beginMerge(a, tile, shared);
    for (int split = firstSplit; split <= lastSplit; split++) {
        const float* from = entry(split);
        mergeSplit(tile, shared, [&](int query) { return loadFresh(from + query); },
                [&](int query) { return loadFresh(from + QUERIES + query); },
                [&](int query, int dim) { return loadFresh(from + 2 * QUERIES + query * WIDTH + dim); });
    }
    return true;
}

template <class Operand, int WIDTH>
__device__ __forceinline__ void attention(const Attention& a) {
    const Plan plan{a.plan};
    auto& shared = *reinterpret_cast<AttentionShared<WIDTH>*>(sharedMemory());
    const int items = plan.live(PLAN_ITEMS);
    for (int item = blockIdx.x; item < items; item += gridDim.x) {
        const QueryTile tile(plan, item, a.heads, a.cache.kvHeads);
        const int firstSplit = tile.firstSeen(a.window) / SPLIT;
        const int lastSplit = tile.lastPosition() / SPLIT;
        if (tile.scratch >= 0 && tile.split < firstSplit) {
            continue;
        }
        __syncthreads();
        loadQueries<Operand, WIDTH>(a, tile, shared);
        __syncthreads();
        const bool alone = tile.scratch < 0;
        if (alone) {
            beginMerge(a, tile, shared);
        }
#pragma unroll 1
        for (int split = alone ? firstSplit : tile.split; split <= (alone ? lastSplit : tile.split); split++) {
            attendSplit<Operand, WIDTH>(a, tile, shared, split);
            if (alone) {
                mergeSplit(tile, shared, [&](int query) { return shared.greatest[0][query]; },
                        [&](int query) { return shared.sum[0][query]; },
                        [&](int query, int dim) { return shared.out[0][query][dim]; });
            }
        }
        if (alone || lastToArrive<WIDTH>(a, tile, shared, firstSplit, lastSplit)) {
            writeTile(a, tile, shared);
        }
    }
}
