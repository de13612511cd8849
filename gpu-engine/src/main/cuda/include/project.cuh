// out = in * weight^T, for skinny `in`: weight rows are the M side of the tensor-core product, batch rows the N side.
//
//   block = 32 outputs x ROWS rows; 8 warps = 2 (16 outputs each) x 4 (every fourth chunk of 64 columns)
//   weights: global -> registers, one chunk ahead        activations: global -> shared memory, a ring of stages:
//       16-bit copies by cp.async, or f32 rows, which are normalised on the way through registers
//   then the 4 column parts are added ((0 + 1) + (2 + 3)); bias, non-linearity and residual follow
//
// Where the non-linearity is gated, a block's 32 outputs are 16 of the gate and the same 16 of what it multiplies, so
// that both halves of a pair meet in one warp; weights lie as ever.
//
// Columns are cut in shards whose sums are added in a binary tree: by one block in turn, or by a block each, whose last
// one to arrive adds them. Both give the same bits, and neither ROWS nor the number of rows changes any.
//
// Bound by memory while rows are few: every weight byte is read once for each ROWS rows.
#pragma once

#include "activation.cuh"
#include "operand.cuh"
#include "plan.cuh"
#include "weight.cuh"

/// An RMS norm of rows whose writer left their sums of squares.
struct RowNorm {
    const float* in;          // [rows, inputs]
    const float* squares;     // [rows][normPieces(inputs)]
    const float* weight;      // [inputs]
    float epsilon;
};

struct Projection {
    Weight weight;
    const uint16_t* in;       // [rows, inputs] f16 or bf16; null where `norm` is multiplied
    RowNorm norm;
    Tensor out;               // [rows, outputs], or [rows, outputs / 2] where gated
    const float* bias;        // [outputs] or null
    float* scratch;           // [shards][scratchRows][outputs padded to 32], where a block takes one shard
    uint32_t* counters;       // [outputs / 32][row tiles], all zero between launches
    const int* plan;
    int counter;
    int adds;                 // 1: out += result
    int blockShards;          // 1, or all
    int scratchRows;
    int activation;           // of the outputs
    int gated;                // 1: of the first half, times the second; outputs is a multiple of 32
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

    /// Finishes a row's 32 outputs, one a lane; all lanes call it.
    __device__ __forceinline__ void write(int row, int m, float sum) const {
        if (firstRow + row >= live) {
            return;
        }
        if (p.gated != 0) {
            writeGated(row, m, sum);
            return;
        }
        const int output = firstOutput + m;
        float value = sum;
        if (output < p.weight.outputs) {
            value = activated(p.bias == nullptr ? sum : sum + p.bias[output], p.activation);
            if (p.adds != 0) {
                value += p.out.values[static_cast<size_t>(firstRow + row) * p.weight.outputs + output];
            }
        }
        storePiece(p.out, firstRow + row, p.weight.outputs, output, value);
    }

    __device__ __forceinline__ void writeGated(int row, int m, float sum) const {
        const int width = p.weight.outputs / 2;
        const int column = firstOutput / 2 + m % TILE_OUTPUTS;
        float value = p.bias == nullptr ? sum : sum + p.bias[m / TILE_OUTPUTS * width + column];
        float other = shuffleXor(value, TILE_OUTPUTS);
        if (m < TILE_OUTPUTS) {
            store(p.out, static_cast<size_t>(firstRow + row) * width + column,
                    activated(value, p.activation) * other);
        }
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
            if (firstRow + row < live) {    // else nothing has been written
                write(row, m, sumOfTree(scratch(row, m), scratchStride(), p.weight.shards));
            }
        }
        if (threadIdx.x == 0) {
            *counter = 0;
        }
    }
};

/// Columns of a shard in shared memory: [STAGES][ROWS][STAGE_STRIDE], read while further stages are on their way.
template <int ROWS>
struct ActivationRing {
    static constexpr int PIECES = STAGE_COLUMNS / 8;    // 16 bytes each
    uint16_t* stages;
    const Projection& p;
    int firstRow;
    int live;

    __device__ __forceinline__ int stageCount() const {
        return (p.weight.shardChunks + COLUMN_WARPS - 1) / COLUMN_WARPS;
    }
    __device__ __forceinline__ uint16_t* piece(int stage, int row, int column) const {
        return stages + (stage % STAGES<ROWS> * ROWS + row) * STAGE_STRIDE + column;
    }
    /// This lane's 8 columns of 32 for one row.
    __device__ __forceinline__ Word4 columns(int stage, int row, int column) const {
        return *reinterpret_cast<const Word4*>(piece(stage, row, column));
    }
};

/// 16-bit copies, as they are. What is fetched lands by itself.
template <int ROWS>
struct CopiedActivations : ActivationRing<ROWS> {
    using Ring = ActivationRing<ROWS>;
    using Ring::p;

    __device__ __forceinline__ CopiedActivations(
            uint16_t* stages, float*, const Projection& p, int firstRow, int live)
        : Ring{stages, p, firstRow, live} {}

    __device__ __forceinline__ void begin() const {}

    __device__ __forceinline__ void fetch(int shard, int stage) const {
        if (stage < this->stageCount()) {
            const int shardInputs = p.weight.shardInputs;
            const bool aligned = shardInputs % 8 == 0;
            for (int i = threadIdx.x; i < ROWS * Ring::PIECES; i += PROJECT_THREADS) {
                int row = i / Ring::PIECES;
                int column = stage * STAGE_COLUMNS + i % Ring::PIECES * 8;
                bool exists = this->firstRow + row < this->live && column < shardInputs;
                int left = exists ? shardInputs - column : 0;
                const uint16_t* from = p.in + shard * shardInputs + (exists ? column : 0)
                        + static_cast<size_t>(exists ? this->firstRow + row : this->firstRow) * p.weight.inputs;
                uint16_t* to = this->piece(stage, row, i % Ring::PIECES * 8);
                if (aligned) {
                    copyAsync16(to, from, exists ? 16 : 0);
                } else {
                    for (int k = 0; k < 8; k++) {
                        to[k] = k < left ? from[k] : 0;
                    }
                }
            }
        }
        commitCopies();
    }
    __device__ __forceinline__ void deposit(int) const {}

    /// Until the oldest stage that was fetched has landed.
    __device__ __forceinline__ void await() const {
        awaitCopies<STAGES<ROWS> - 2>();
    }
    __device__ __forceinline__ void end() const {
        awaitCopies<0>();
    }
};

/// f32 rows, normalised and rounded on the way: what is fetched waits in registers until it is deposited.
template <class Operand, int ROWS>
struct NormalisedActivations : ActivationRing<ROWS> {
    using Ring = ActivationRing<ROWS>;
    using Ring::p;
    static constexpr int ROW_STEP = PROJECT_THREADS / Ring::PIECES;
    static constexpr int THREAD_PIECES = ROWS / ROW_STEP;
    float* factors;    // [ROWS], shared memory
    float weights[8];
    float values[THREAD_PIECES][8];

    __device__ __forceinline__ NormalisedActivations(
            uint16_t* stages, float* factors, const Projection& p, int firstRow, int live)
        : Ring{stages, p, firstRow, live}, factors(factors) {}

    __device__ __forceinline__ void begin() const {
        const int inputs = p.weight.inputs;
        for (int row = threadIdx.x / WARP; row < ROWS; row += PROJECT_THREADS / WARP) {
            const int at = this->firstRow + row;
            float factor = 0;
            if (at < this->live) {
                const float* sums = p.norm.squares + static_cast<size_t>(at) * normPieces(inputs);
                factor = normFactor(sumOfPieces(sums, inputs), inputs, p.norm.epsilon);
            }
            if (threadIdx.x % WARP == 0) {
                factors[row] = factor;
            }
        }
        __syncthreads();
    }

    __device__ __forceinline__ void fetch(int shard, int stage) {
        const int column = stage * STAGE_COLUMNS + threadIdx.x % Ring::PIECES * 8;
        const int left = p.weight.shardInputs - column;
        const size_t at = static_cast<size_t>(shard) * p.weight.shardInputs + column;
        read(p.norm.weight + at, left, weights);
#pragma unroll
        for (int i = 0; i < THREAD_PIECES; i++) {
            int row = this->firstRow + threadIdx.x / Ring::PIECES + i * ROW_STEP;
            read(p.norm.in + static_cast<size_t>(row) * p.weight.inputs + at, row < this->live ? left : 0, values[i]);
        }
    }
    __device__ __forceinline__ void deposit(int stage) const {
#pragma unroll
        for (int i = 0; i < THREAD_PIECES; i++) {
            const int row = threadIdx.x / Ring::PIECES + i * ROW_STEP;
            const float factor = factors[row];
            float x[8];
#pragma unroll
            for (int k = 0; k < 8; k++) {
                x[k] = values[i][k] * factor * weights[k];
            }
            Word4 packed;
            packed.x = Operand::pack(x[0], x[1]);
            packed.y = Operand::pack(x[2], x[3]);
            packed.z = Operand::pack(x[4], x[5]);
            packed.w = Operand::pack(x[6], x[7]);
            *reinterpret_cast<Word4*>(this->piece(stage, row, threadIdx.x % Ring::PIECES * 8)) = packed;
        }
    }
    __device__ __forceinline__ void await() const {}
    __device__ __forceinline__ void end() const {}

    /// The first `left` of 8 columns, then zeros.
    __device__ __forceinline__ void read(const float* from, int left, float (&to)[8]) const {
        if (p.weight.shardInputs % 8 == 0 && left > 0) {
            Word4 low = load16(from);
            Word4 high = load16(from + 4);
            to[0] = bitsToFloat(low.x);
            to[1] = bitsToFloat(low.y);
            to[2] = bitsToFloat(low.z);
            to[3] = bitsToFloat(low.w);
            to[4] = bitsToFloat(high.x);
            to[5] = bitsToFloat(high.y);
            to[6] = bitsToFloat(high.z);
            to[7] = bitsToFloat(high.w);
        } else {
#pragma unroll
            for (int k = 0; k < 8; k++) {
                to[k] = k < left ? from[k] : 0;
            }
        }
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
template <class Chunk, int ROWS, class Activations>
__device__ __forceinline__ void multiplyShard(
        Activations& activations, int shard, int tile, float (&sums)[ROWS / 8][4]) {
    const Weight& w = activations.p.weight;
    const int lane = threadIdx.x % WARP;
    const int part = threadIdx.x / WARP % COLUMN_WARPS;
    const int stages = activations.stageCount();
    const size_t first = (static_cast<size_t>(tile) * w.shards + shard) * w.shardChunks;
    activations.begin();
    for (int stage = 0; stage < STAGES<ROWS> - 1; stage++) {
        activations.fetch(shard, stage);
        activations.deposit(stage);
    }
    Chunk next(w, first + (part < w.shardChunks ? part : 0), lane);
    for (int stage = 0; stage < stages; stage++) {
        activations.await();
        __syncthreads();
        activations.fetch(shard, stage + STAGES<ROWS> - 1);
        int at = stage * COLUMN_WARPS + part;
        const Chunk chunk = next;
        if (at + COLUMN_WARPS < w.shardChunks) {
            next = Chunk(w, first + at + COLUMN_WARPS, lane);
        }
        if (at < w.shardChunks) {
            multiplyChunk<Chunk, ROWS>(activations, chunk, stage, sums);
        }
        activations.deposit(stage + STAGES<ROWS> - 1);
    }
    activations.end();
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
template <class Chunk, int ROWS, class Activations>
__device__ __forceinline__ void multiply(const Projection& p) {
    const int live = Plan{p.plan}.live(p.counter);
    const int firstRow = static_cast<int>(blockIdx.x) * ROWS;
    if (firstRow >= live) {
        return;
    }
    const int outputWarp = threadIdx.x / WARP / COLUMN_WARPS;
    const int tile = p.gated != 0
            ? blockIdx.y + outputWarp * (p.weight.outputs / 2 / TILE_OUTPUTS)
            : blockIdx.y * OUTPUT_WARPS + outputWarp;
    auto* stages = reinterpret_cast<uint16_t*>(sharedMemory());
    auto* parts = reinterpret_cast<float*>(sharedMemory());
    auto* factors = reinterpret_cast<float*>(stages + STAGES<ROWS> * ROWS * STAGE_STRIDE);    // [ROWS]
    float* tree = factors + ROWS;                                                             // [levels][ROWS][32]
    Activations activations(stages, factors, p, firstRow, live);
    ProjectionBlock<ROWS> block{p, firstRow, static_cast<int>(blockIdx.y) * BLOCK_OUTPUTS, live};

    for (int i = 0; i < p.blockShards; i++) {
        int shard = blockIdx.z * p.blockShards + i;
        float sums[ROWS / 8][4] = {};
        multiplyShard<Chunk, ROWS>(activations, shard, tile, sums);
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

template <class Chunk, int ROWS>
__device__ __forceinline__ void project(const Projection& p) {
    multiply<Chunk, ROWS, CopiedActivations<ROWS>>(p);
}

template <class Chunk, int ROWS>
__device__ __forceinline__ void projectNormalised(const Projection& p) {
    multiply<Chunk, ROWS, NormalisedActivations<typename Chunk::Operand, ROWS>>(p);
}
