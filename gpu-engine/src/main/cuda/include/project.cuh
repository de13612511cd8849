// out = in * weight^T, for skinny `in`: weight rows are the M side of the tensor-core product, batch rows the N side.
//
//   block = 32 outputs x ROWS rows; 8 warps = 2 (16 outputs each) x 4 (every fourth chunk of 64 columns)
//   weights: global -> registers, one chunk ahead        activations: global -> shared memory, cp.async ring
//   then the 4 column parts are added ((0 + 1) + (2 + 3)), bias and residual follow
//
// Columns are cut in shards whose sums are added in a binary tree: by one block in turn, or by a block each, whose last
// one to arrive adds them. Both give the same bits, and neither ROWS nor the number of rows changes any.
//
// Bound by memory while rows are few: every weight byte is read once for each ROWS rows.
#pragma once

#include "operand.cuh"
#include "plan.cuh"
#include "weight.cuh"

struct Projection {
    Weight weight;
    const uint16_t* in;       // [rows, inputs] f16 or bf16
    float* out;               // [rows, outputs]
    const float* bias;        // [outputs] or null
    float* scratch;           // [shards][scratchRows][outputs padded to 32], where a block takes one shard
    uint32_t* counters;       // [outputs / 32][row tiles], all zero between launches
    const int* plan;
    int counter;
    int adds;                 // 1: out += result
    int blockShards;          // 1, or all
    int scratchRows;
};

constexpr int COLUMN_WARPS = 4;
constexpr int OUTPUT_WARPS = 2;
constexpr int BLOCK_OUTPUTS = OUTPUT_WARPS * TILE_OUTPUTS;
constexpr int PROJECT_THREADS = COLUMN_WARPS * OUTPUT_WARPS * WARP;
constexpr int STAGE_COLUMNS = COLUMN_WARPS * CHUNK;
constexpr int STAGE_STRIDE = STAGE_COLUMNS + 32;    // halfs; each row 16 banks further: 16-byte reads do not clash
constexpr int SUM_STRIDE = BLOCK_OUTPUTS + 1;
constexpr int SHARD_LEVELS = 6;                     // log2 of the most shards

/// Ring depth by rows in a tile: 18 to 74 KB.
template <int ROWS>
constexpr int STAGES = ROWS <= 16 ? 4 : ROWS <= 32 ? 3 : 2;

/// Adds parts in the order of a binary tree, as they come: a carry chain of partial sums, the lowest level first.
///
/// @param tree  this element's [log2(count)] at `stride`
/// @return      the total once the last part is in
__device__ __forceinline__ float addToTree(float* tree, int stride, int part, int count, float value) {
    int level = 0;
    while ((part >> level & 1) != 0) {
        value = tree[level * stride] + value;
        level++;
    }
    if (part < count - 1) {
        tree[level * stride] = value;
    }
    return value;
}

/// The same order, from memory.
__device__ __forceinline__ float sumOfTree(const float* parts, size_t stride, int count) {
    float tree[SHARD_LEVELS + 1];
    float total = 0;
    for (int part = 0; part < count; part++) {
        float value = loadFresh(parts + part * stride);
#pragma unroll
        for (int level = 0; level <= SHARD_LEVELS; level++) {
            bool carries = (part >> level & 1) != 0;
            bool lowerCarry = (part & ((1 << level) - 1)) == (1 << level) - 1;
            if (lowerCarry && carries) {
                value = tree[level] + value;
            } else if (lowerCarry) {
                tree[level] = value;
            }
        }
        total = value;
    }
    return total;
}

/// One chunk of 64 columns of this lane's two weight rows.
struct Chunk16 {
    Word4 words[4];

    static __device__ __forceinline__ Chunk16 load(const Weight& w, size_t chunk, int lane) {
        Chunk16 c;
        const unsigned char* from = w.values + (chunk * 4 * WARP + lane) * sizeof(Word4);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            c.words[i] = loadStreaming(from + i * WARP * sizeof(Word4));
        }
        return c;
    }
    __device__ __forceinline__ void fragment(int step, uint32_t (&a)[4]) const {
        a[0] = words[step].x;
        a[1] = words[step].y;
        a[2] = words[step].z;
        a[3] = words[step].w;
    }
};

struct ChunkF16 : Chunk16 {
    using Operand = F16;
    __device__ __forceinline__ ChunkF16(const Weight& w, size_t chunk, int lane) : Chunk16(load(w, chunk, lane)) {}
};

struct ChunkBf16 : Chunk16 {
    using Operand = Bf16;
    __device__ __forceinline__ ChunkBf16(const Weight& w, size_t chunk, int lane) : Chunk16(load(w, chunk, lane)) {}
};

/// Two equal f16 in a word.
__device__ __forceinline__ uint32_t twiceLow(uint32_t word) {
    return permuteBytes(word, word, 0x1010);
}

__device__ __forceinline__ uint32_t twiceHigh(uint32_t word) {
    return permuteBytes(word, word, 0x3232);
}

constexpr uint32_t F16_1024 = 0x64646464;     // a byte b under 0x64 is the f16 1024 + b
constexpr uint32_t F16_ONES = 0x3C003C00;
constexpr uint32_t F16_MINUS_1152 = 0xE480E480;
constexpr uint32_t F16_MINUS_1024 = 0xE400E400;
constexpr uint32_t F16_ZEROS = 0;

/// 8-bit values become f16 in registers: exact, then one rounding by the scale.
struct ChunkQ8 {
    using Operand = F16;
    Word4 words[2];
    Word2 scales;    // (row g: two groups), (row g + 8: two groups)

    __device__ __forceinline__ ChunkQ8(const Weight& w, size_t chunk, int lane) {
        const unsigned char* from = w.values + (chunk * 2 * WARP + lane) * sizeof(Word4);
        words[0] = loadStreaming(from);
        words[1] = loadStreaming(from + WARP * sizeof(Word4));
        scales = load8(w.scales + (chunk * 8 + lane / 4) * sizeof(Word2));
    }
    __device__ __forceinline__ void fragment(int step, uint32_t (&a)[4]) const {
        const Word4& w = words[step / 2];
        uint32_t low = step % 2 == 0 ? w.x : w.z;
        uint32_t high = step % 2 == 0 ? w.y : w.w;
        uint32_t scale0 = step / 2 == 0 ? twiceLow(scales.x) : twiceHigh(scales.x);
        uint32_t scale1 = step / 2 == 0 ? twiceLow(scales.y) : twiceHigh(scales.y);
        a[0] = widen(low, 0x5150, scale0);
        a[1] = widen(low, 0x5352, scale1);
        a[2] = widen(high, 0x5150, scale0);
        a[3] = widen(high, 0x5352, scale1);
    }
    static __device__ __forceinline__ uint32_t widen(uint32_t bytes, uint32_t selector, uint32_t scale) {
        uint32_t value = fmaF16x2(permuteBytes(bytes, F16_1024, selector), F16_ONES, F16_MINUS_1152);
        return fmaF16x2(value, scale, F16_ZEROS);
    }
};

/// 4-bit values the same way; groups have a scale and an offset.
struct ChunkQ4 {
    using Operand = F16;
    Word4 words;
    Word4 scales;    // (row g: two groups), (row g + 8: two groups), each a scale below an offset

    __device__ __forceinline__ ChunkQ4(const Weight& w, size_t chunk, int lane) {
        words = loadStreaming(w.values + (chunk * WARP + lane) * sizeof(Word4));
        scales = load16(w.scales + (chunk * 8 + lane / 4) * sizeof(Word4));
    }
    __device__ __forceinline__ void fragment(int step, uint32_t (&a)[4]) const {
        uint32_t word = step == 0 ? words.x : step == 1 ? words.y : step == 2 ? words.z : words.w;
        uint32_t row0 = step / 2 == 0 ? scales.x : scales.y;
        uint32_t row1 = step / 2 == 0 ? scales.z : scales.w;
        a[0] = widen(word, twiceLow(row0), twiceHigh(row0));
        a[1] = widen(word >> 4, twiceLow(row1), twiceHigh(row1));
        a[2] = widen(word >> 8, twiceLow(row0), twiceHigh(row0));
        a[3] = widen(word >> 12, twiceLow(row1), twiceHigh(row1));
    }
    static __device__ __forceinline__ uint32_t widen(uint32_t nibbles, uint32_t scale, uint32_t offset) {
        uint32_t value = fmaF16x2((nibbles & 0x000F000FU) | 0x64006400U, F16_ONES, F16_MINUS_1024);
        return fmaF16x2(value, scale, offset);
    }
};

/// Where a block adds up and hands over its result.
template <int ROWS>
struct ProjectionBlock {
    const Projection& p;
    int firstRow;
    int firstOutput;
    int live;

    __device__ __forceinline__ void write(int row, int m, float sum) const {
        int output = firstOutput + m;
        if (firstRow + row >= live || output >= p.weight.outputs) {
            return;
        }
        float value = p.bias == nullptr ? sum : sum + p.bias[output];
        float* at = p.out + static_cast<size_t>(firstRow + row) * p.weight.outputs + output;
        *at = p.adds != 0 ? *at + value : value;
    }

    __device__ __forceinline__ size_t scratchStride() const {
        return static_cast<size_t>(p.scratchRows) * gridDim.y * BLOCK_OUTPUTS;
    }

    __device__ __forceinline__ float* scratch(int row, int m) const {
        return p.scratch + static_cast<size_t>(firstRow + row) * gridDim.y * BLOCK_OUTPUTS + firstOutput + m;
    }

    /// Adds the shards of this tile if this block is the last of them to arrive.
    __device__ __forceinline__ void joinShards(int* last) const {
        __syncthreads();
        uint32_t* counter = p.counters + blockIdx.y * gridDim.x + blockIdx.x;
        if (threadIdx.x == 0) {
            *last = arrive(counter) == static_cast<uint32_t>(p.weight.shards - 1) ? 1 : 0;
        }
        __syncthreads();
        if (*last == 0) {
            return;
        }
        for (int i = threadIdx.x; i < ROWS * BLOCK_OUTPUTS; i += blockDim.x) {
            int row = i / BLOCK_OUTPUTS;
            int m = i % BLOCK_OUTPUTS;
            if (firstRow + row < live) {
                write(row, m, sumOfTree(scratch(row, m), scratchStride(), p.weight.shards));
            }
        }
        if (threadIdx.x == 0) {
            *counter = 0;
        }
    }
};

/// Columns of one shard, from global memory into the ring.
template <int ROWS>
struct ActivationRing {
    uint16_t* stages;
    const Projection& p;
    int firstRow;
    int live;

    __device__ __forceinline__ void load(int shard, int stage) const {
        constexpr int PIECES = STAGE_COLUMNS / 8;
        const int shardInputs = p.weight.shardInputs;
        const bool aligned = shardInputs % 8 == 0;
        uint16_t* to = stages + stage % STAGES<ROWS> * ROWS * STAGE_STRIDE;
        for (int i = threadIdx.x; i < ROWS * PIECES; i += PROJECT_THREADS) {
            int row = i / PIECES;
            int column = stage * STAGE_COLUMNS + i % PIECES * 8;
            int left = firstRow + row < live ? shardInputs - column : 0;
            const uint16_t* from = p.in + static_cast<size_t>(left > 0 ? firstRow + row : firstRow) * p.weight.inputs
                    + shard * shardInputs + (left > 0 ? column : 0);
            uint16_t* piece = to + row * STAGE_STRIDE + i % PIECES * 8;
            if (aligned) {
                copyAsync16(piece, from, left > 0 ? 16 : 0);
            } else {
                for (int k = 0; k < 8; k++) {
                    piece[k] = k < left ? from[k] : 0;
                }
            }
        }
        commitCopies();
    }

    /// This lane's 8 columns of 32 for one row.
    __device__ __forceinline__ Word4 columns(int stage, int row, int column) const {
        return *reinterpret_cast<const Word4*>(
                stages + (stage % STAGES<ROWS> * ROWS + row) * STAGE_STRIDE + column);
    }
};

template <class Chunk, int ROWS>
__device__ __forceinline__ void multiplyChunk(
        const ActivationRing<ROWS>& ring, const Chunk& chunk, int stage, float (&sums)[ROWS / 8][4]) {
    const int lane = threadIdx.x % WARP;
    const int part = threadIdx.x / WARP % COLUMN_WARPS;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        uint32_t a0[4];
        uint32_t a1[4];
        chunk.fragment(2 * half, a0);
        chunk.fragment(2 * half + 1, a1);
#pragma unroll
        for (int n = 0; n < ROWS / 8; n++) {
            Word4 b = ring.columns(stage, n * 8 + lane / 4, part * CHUNK + half * 32 + lane % 4 * 8);
            Chunk::Operand::multiply(sums[n], a0, b.x, b.y);
            Chunk::Operand::multiply(sums[n], a1, b.z, b.w);
        }
    }
}

/// This warp's part of one shard: every fourth chunk.
template <class Chunk, int ROWS>
__device__ __forceinline__ void multiplyShard(
        const ActivationRing<ROWS>& ring, int shard, int tile, float (&sums)[ROWS / 8][4]) {
    const Weight& w = ring.p.weight;
    const int lane = threadIdx.x % WARP;
    const int part = threadIdx.x / WARP % COLUMN_WARPS;
    const int stages = (w.shardChunks + COLUMN_WARPS - 1) / COLUMN_WARPS;
    const size_t first = (static_cast<size_t>(tile) * w.shards + shard) * w.shardChunks;
    for (int stage = 0; stage < STAGES<ROWS> - 1; stage++) {
        if (stage < stages) {
            ring.load(shard, stage);
        } else {
            commitCopies();
        }
    }
    Chunk next(w, first + (part < w.shardChunks ? part : 0), lane);
    for (int stage = 0; stage < stages; stage++) {
        awaitCopies<STAGES<ROWS> - 2>();
        __syncthreads();
        if (stage + STAGES<ROWS> - 1 < stages) {
            ring.load(shard, stage + STAGES<ROWS> - 1);
        } else {
            commitCopies();
        }
        int at = stage * COLUMN_WARPS + part;
        const Chunk chunk = next;
        if (at + COLUMN_WARPS < w.shardChunks) {
            next = Chunk(w, first + at + COLUMN_WARPS, lane);
        }
        if (at < w.shardChunks) {
            multiplyChunk<Chunk, ROWS>(ring, chunk, stage, sums);
        }
    }
    awaitCopies<0>();
    __syncthreads();
}

/// Leaves each warp's sums in shared memory, [column part][row][output].
template <int ROWS>
__device__ __forceinline__ void depositSums(float* parts, const float (&sums)[ROWS / 8][4]) {
    const int lane = threadIdx.x % WARP;
    const int warp = threadIdx.x / WARP;
    float* to = parts + warp % COLUMN_WARPS * ROWS * SUM_STRIDE + warp / COLUMN_WARPS * TILE_OUTPUTS + lane / 4;
#pragma unroll
    for (int n = 0; n < ROWS / 8; n++) {
        int row = n * 8 + lane % 4 * 2;
        to[row * SUM_STRIDE] = sums[n][0];
        to[(row + 1) * SUM_STRIDE] = sums[n][1];
        to[row * SUM_STRIDE + 8] = sums[n][2];
        to[(row + 1) * SUM_STRIDE + 8] = sums[n][3];
    }
}

/// grid: (row tiles, outputs / 32, shards / blockShards)
template <class Chunk, int ROWS>
__device__ __forceinline__ void project(const Projection& p) {
    const int live = Plan{p.plan}.live(p.counter);
    const int firstRow = static_cast<int>(blockIdx.x) * ROWS;
    if (firstRow >= live) {
        return;
    }
    const int outputWarp = threadIdx.x / WARP / COLUMN_WARPS;
    const int tile = blockIdx.y * OUTPUT_WARPS + outputWarp;
    auto* stages = reinterpret_cast<uint16_t*>(sharedMemory());
    auto* parts = reinterpret_cast<float*>(sharedMemory());
    float* tree = reinterpret_cast<float*>(stages + STAGES<ROWS> * ROWS * STAGE_STRIDE);
    ActivationRing<ROWS> ring{stages, p, firstRow, live};
    ProjectionBlock<ROWS> block{p, firstRow, static_cast<int>(blockIdx.y) * BLOCK_OUTPUTS, live};

    for (int i = 0; i < p.blockShards; i++) {
        int shard = blockIdx.z * p.blockShards + i;
        float sums[ROWS / 8][4] = {};
        multiplyShard<Chunk, ROWS>(ring, shard, tile, sums);
        depositSums<ROWS>(parts, sums);
        __syncthreads();
        for (int at = threadIdx.x; at < ROWS * BLOCK_OUTPUTS; at += PROJECT_THREADS) {
            int row = at / BLOCK_OUTPUTS;
            int m = at % BLOCK_OUTPUTS;
            const float* part = parts + row * SUM_STRIDE + m;
            float sum = (part[0] + part[ROWS * SUM_STRIDE])
                    + (part[2 * ROWS * SUM_STRIDE] + part[3 * ROWS * SUM_STRIDE]);
            if (p.weight.shards == 1) {
                block.write(row, m, sum);
            } else if (p.blockShards == 1) {
                if (firstRow + row < live) {
                    *(block.scratch(row, m) + shard * block.scratchStride()) = sum;
                }
            } else {
                float total = addToTree(tree + at, ROWS * BLOCK_OUTPUTS, shard, p.weight.shards, sum);
                if (shard == p.weight.shards - 1) {
                    block.write(row, m, total);
                }
            }
        }
        __syncthreads();
    }
    if (p.blockShards < p.weight.shards) {
        block.joinShards(reinterpret_cast<int*>(sharedMemory()));
    }
}
