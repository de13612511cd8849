// out = in * weight^T, for `in` with few rows: weight rows are the M side of the tensor-core product, batch rows the N
// side.
//
//   columns: shards > four quarters each, of whole chunks of 64; the parts are added as a binary tree
//   block = 8 warps over a tile of outputs x ROWS rows       ROWS 8: 32 outputs, four parts at a time
//                                                                16: 64 outputs, two parts
//                                                            32, 64: 128 outputs, one part
//   weights: global -> registers, one chunk ahead        activations: global -> shared memory, a ring of stages:
//       16-bit copies by cp.async, or f32 rows, which are normalised on the way through registers
//   then bias, non-linearity and residual; or rotary positions and the append to the KV cache
//
// A block processes one tile after another; the first loads of the next tile are issued before the result of the
// current one is written. The parts of a tile are processed by one block in turn, or by several blocks, of which the
// last to arrive adds their results. Neither that choice nor ROWS nor the number of rows changes any bit.
//
// Warps process outputs in groups of 32, two tiles of 16 each. Where outputs are combined in pairs (gate and up, two
// rotated dimensions of a head) a group has 16 outputs of either side, so that both are in one warp. The layout of
// weights in memory is always the same.
//
// With few rows the kernel is bound by memory: every weight byte is read once for each ROWS rows.
#pragma once

#include "activation.cuh"
#include "heads.cuh"
#include "operand.cuh"
#include "plan.cuh"
#include "weight.cuh"

/// An RMS norm of rows whose sums of squares were left by the kernel that wrote them.
struct RowNorm {
    const float* in;          // [rows, inputs]
    const float* squares;     // [rows][normPieces(inputs)]
    const float* weight;      // [inputs]
    float epsilon;
};

/// Which outputs a group of 32 consists of; Product.java has the same numbers.
enum Pairing : int {
    IN_ORDER = 0,
    GATED = 1,        // 16 gates and the 16 outputs that are multiplied with them; outputs is a multiple of 32
    TO_HEADS = 2      // outputs of one head, chosen by HeadStore
};

struct Projection {
    Weight weight;
    const uint16_t* in;       // [rows, inputs] f16 or bf16; null where `norm` is applied
    RowNorm norm;
    Tensor out;               // [rows, outputs], or [rows, outputs / 2] where gated
    const float* bias;        // [outputs] or null
    float* scratch;           // [splits][scratchRows][outputs padded to tiles], or a tree's upper levels for each block
    uint32_t* counters;       // [output tiles][row tiles], all zero between launches
    const int* plan;
    int counter;
    int adds;                 // 1: out += result
    int blockParts;           // parts that one block processes; a power of two, at least PART_WARPS
    int scratchRows;
    int activation;           // an ActivationKind
    int pairing;
    HeadStore heads;          // used where `pairing` is TO_HEADS
};

constexpr int PROJECT_WARPS = 8;
constexpr int PROJECT_THREADS = PROJECT_WARPS * WARP;
constexpr int QUARTERS = 4;          // quarters of a shard
constexpr int GROUP_OUTPUTS = 2 * TILE_OUTPUTS;
constexpr int STAGES = 4;            // stages of the ring
constexpr int PIECES = CHUNK / 8;    // pieces of 16 bytes in a chunk of a row
// levels of the tree of parts that are kept in shared memory; higher levels are kept in scratch
constexpr int SHARED_LEVELS = 2;
constexpr int MOST_LEVELS = 8;       // log2 of the most parts

template <int ROWS>
constexpr int OUTPUT_WARPS = ROWS <= 8 ? 2 : ROWS <= 16 ? 4 : 8;

/// Parts that a block computes at a time.
template <int ROWS>
constexpr int PART_WARPS = PROJECT_WARPS / OUTPUT_WARPS<ROWS>;

template <int ROWS>
constexpr int BLOCK_OUTPUTS = OUTPUT_WARPS<ROWS> * TILE_OUTPUTS;

/// Results that a thread holds.
template <int ROWS>
constexpr int THREAD_SUMS = ROWS * BLOCK_OUTPUTS<ROWS> / PROJECT_THREADS;

template <int ROWS>
constexpr int SUM_STRIDE = BLOCK_OUTPUTS<ROWS> + 1;

/// Bytes of a block's shared memory for the ring, and for a level of the tree.
template <int ROWS>
constexpr int RING_BYTES = STAGES * PART_WARPS<ROWS> * ROWS * CHUNK * 2;
template <int ROWS>
constexpr int LEVEL_BYTES = THREAD_SUMS<ROWS> * PROJECT_THREADS * 4;

/// The sum of two to eight parts in memory, whose loads are all issued before the first addition.
__device__ __forceinline__ float sumOfFew(const float* parts, size_t stride, int count) {
    float p[8];
#pragma unroll
    for (int part = 0; part < 8; part++) {
        p[part] = part < count ? loadFresh(parts + part * stride) : 0;
    }
    float sum = p[0] + p[1];
    if (count > 2) {
        sum += p[2] + p[3];
    }
    if (count > 4) {
        sum += (p[4] + p[5]) + (p[6] + p[7]);
    }
    return sum;
}

/// The sum of parts in memory, as a binary tree.
///
/// @param count number of parts, a power of two, at least 2
__device__ __forceinline__ float sumOfTree(const float* parts, size_t stride, int count) {
    constexpr int FEW = 8;
    if (count <= FEW) {
        return sumOfFew(parts, stride, count);
    }
    float tree[MOST_LEVELS];
    float total = 0;
    for (int eight = 0; eight < count / FEW; eight++) {
        float value = sumOfFew(parts + static_cast<size_t>(eight) * FEW * stride, stride, FEW);
#pragma unroll
        for (int level = 0; level < MOST_LEVELS - 3; level++) {
            bool carries = (eight >> level & 1) != 0;
            bool lowerCarry = (eight & ((1 << level) - 1)) == (1 << level) - 1;
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

/// One chunk of 64 columns of the two weight rows that this lane holds.
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

/// The low f16 of a word, twice.
__device__ __forceinline__ uint32_t twiceLow(uint32_t word) {
    return permuteBytes(word, word, 0x1010);
}

__device__ __forceinline__ uint32_t twiceHigh(uint32_t word) {
    return permuteBytes(word, word, 0x3232);
}

constexpr uint32_t F16_1024 = 0x64646464;     // the f16 with high byte 0x64 and low byte b is 1024 + b
constexpr uint32_t F16_ONES = 0x3C003C00;
constexpr uint32_t F16_MINUS_1152 = 0xE480E480;
constexpr uint32_t F16_MINUS_1024 = 0xE400E400;
constexpr uint32_t F16_ZEROS = 0;

/// Converts 8-bit weights to f16 in registers: the conversion is exact, and the multiplication by the scale rounds
/// once.
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

/// Converts 4-bit weights in the same way; a group has a scale and an offset.
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

/// The work that a block does at a time: a tile of rows and outputs, and some of its parts.
struct WorkItem {
    int rowTile;
    int outputTile;
    int split;        // number of a range of blockParts parts
};

/// How the work of a launch is cut into items.
template <int ROWS>
struct Work {
    int rowTiles;
    int outputTiles;
    int splits;

    __device__ __forceinline__ Work(const Projection& p, int live)
        : rowTiles((live + ROWS - 1) / ROWS),
          outputTiles((p.weight.outputs + BLOCK_OUTPUTS<ROWS> - 1) / BLOCK_OUTPUTS<ROWS>),
          splits(p.weight.shards * QUARTERS / p.blockParts) {}

    __device__ __forceinline__ int items() const {
        return rowTiles * outputTiles * splits;
    }
    /// Items with the same weights and different rows are consecutive.
    __device__ __forceinline__ WorkItem item(int index) const {
        int rest = index / rowTiles;
        return {index % rowTiles, rest % outputTiles, rest / outputTiles};
    }
};

/// The tile of 16 outputs that is half 0 or 1 of a group of 32.
__device__ __forceinline__ int tileOf(const Projection& p, int group, int half) {
    switch (static_cast<Pairing>(p.pairing)) {
        case GATED:
            return group + half * (p.weight.outputs / 2 / TILE_OUTPUTS);
        case TO_HEADS:
            return p.heads.tileOf(group, half);
        case IN_ORDER:
            return 2 * group + half;
    }
    __builtin_unreachable();
}

/// Writes results, each time 32 outputs of a row by one warp, an output a lane. All lanes must call it.
template <int ROWS>
struct ResultWriter {
    const Projection& p;
    Work<ROWS> work;
    int live;

    __device__ __forceinline__ void write(int row, int group, int m, float sum) const {
        if (row >= live || group * GROUP_OUTPUTS >= p.weight.outputs) {
            return;
        }
        const int output = tileOf(p, group, m / TILE_OUTPUTS) * TILE_OUTPUTS + m % TILE_OUTPUTS;
        const bool inside = output < p.weight.outputs;
        float value = p.bias == nullptr || !inside ? sum : sum + p.bias[output];
        if (p.pairing == TO_HEADS) {
            p.heads.store(p.plan, p.out.values, row, output, inside, value);
            return;
        }
        if (p.pairing == GATED) {
            float other = shuffleXor(value, TILE_OUTPUTS);
            if (m < TILE_OUTPUTS) {
                store(p.out, static_cast<size_t>(row) * (p.weight.outputs / 2) + output,
                        activated(value, p.activation) * gateFactor(other, p.activation));
            }
            return;
        }
        value = activated(value, p.activation);
        if (p.adds != 0 && inside) {
            value += p.out.values[static_cast<size_t>(row) * p.weight.outputs + output];
        }
        storePiece(p.out, row, p.weight.outputs, output, value);
    }

    __device__ __forceinline__ size_t scratchColumns() const {
        return static_cast<size_t>(work.outputTiles) * BLOCK_OUTPUTS<ROWS>;
    }
    __device__ __forceinline__ float* scratch(const WorkItem& item, int row, int m) const {
        return p.scratch + static_cast<size_t>(row) * scratchColumns() + item.outputTile * BLOCK_OUTPUTS<ROWS> + m;
    }

    /// Takes the sum of an item's parts for a row and an output of the tile: writes it as the result, or to scratch
    /// memory if the tile is split among several blocks.
    __device__ __forceinline__ void take(const WorkItem& item, int row, int m, float sum) const {
        if (work.splits == 1) {
            write(item.rowTile * ROWS + row, groupOf(item, m), m % GROUP_OUTPUTS, sum);
        } else if (item.rowTile * ROWS + row < live) {
            scratch(item, item.rowTile * ROWS + row, m)[item.split * splitStride()] = sum;
        }
    }
    static __device__ __forceinline__ int groupOf(const WorkItem& item, int m) {
        return (item.outputTile * BLOCK_OUTPUTS<ROWS> + m) / GROUP_OUTPUTS;
    }
    __device__ __forceinline__ size_t splitStride() const {
        return p.scratchRows * scratchColumns();
    }

    /// Adds the splits of a tile and writes the result if this block is the last to arrive.
    ///
    /// @param last one int in shared memory
    __device__ __forceinline__ void join(const WorkItem& item, int* last) const {
        __syncthreads();
        uint32_t* counter = p.counters + item.outputTile * work.rowTiles + item.rowTile;
        if (threadIdx.x == 0) {
            *last = arrive(counter) == static_cast<uint32_t>(work.splits - 1) ? 1 : 0;
        }
        __syncthreads();
        if (*last != 0) {
#pragma unroll 1
            for (int at = threadIdx.x; at < ROWS * BLOCK_OUTPUTS<ROWS>; at += PROJECT_THREADS) {
                const int row = item.rowTile * ROWS + at / BLOCK_OUTPUTS<ROWS>;
                const int m = at % BLOCK_OUTPUTS<ROWS>;
                if (row < live) {    // rows beyond the live ones were not written
                    float sum = sumOfTree(scratch(item, row, m), splitStride(), work.splits);
                    write(row, groupOf(item, m), m % GROUP_OUTPUTS, sum);
                }
            }
            if (threadIdx.x == 0) {
                *counter = 0;
            }
        }
        __syncthreads();
    }
};

/// A ring of stages in shared memory that holds columns of the activations of a block's parts,
/// [STAGES][part][ROWS][64]. One stage is read while later ones are loaded. In odd rows the two halves of 32 columns
/// are swapped, to avoid bank conflicts of 16-byte reads.
template <int ROWS>
struct ActivationRing {
    unsigned char* ring;
    const Projection& p;
    int live;
    int firstRow;

    __device__ __forceinline__ int quarterChunks() const {
        return (p.weight.shardChunks + QUARTERS - 1) / QUARTERS;
    }
    __device__ __forceinline__ uint16_t* piece(int stage, int part, int row, int piece) const {
        int swizzled = piece ^ (row % 2 * (PIECES / 2));
        int at = ((stage % STAGES * PART_WARPS<ROWS> + part) * ROWS + row) * PIECES + swizzled;
        return reinterpret_cast<uint16_t*>(ring + at * 16);
    }
    /// The first column, within its shard, of a piece of a part's chunk. At or beyond the shard's end if there is no
    /// such piece.
    __device__ __forceinline__ int columnOf(int part, int chunk, int piece) const {
        int inShard = part % QUARTERS * quarterChunks() + chunk;
        return inShard * CHUNK + piece * 8;
    }
};

/// Fills the ring with 16-bit copies of the activations, by asynchronous copies that need no deposit.
template <class Operand, int ROWS>
struct CopiedActivations : ActivationRing<ROWS> {
    using Ring = ActivationRing<ROWS>;
    using Ring::p;

    __device__ __forceinline__ CopiedActivations(unsigned char* ring, float*, const Projection& p, int live)
        : Ring{ring, p, live, 0} {}

    __device__ __forceinline__ void begin(int firstRow) {
        this->firstRow = firstRow;
    }

    /// @param part number of the first part that the block computes now
    __device__ __forceinline__ void fetch(int part, int chunk, int stage) const {
        const int shardInputs = p.weight.shardInputs;
        const bool aligned = shardInputs % 8 == 0;
#pragma unroll
        for (int k = 0; k < PART_WARPS<ROWS> * ROWS * PIECES / PROJECT_THREADS; k++) {
            const int i = threadIdx.x + k * PROJECT_THREADS;
            const int row = i / PIECES % ROWS;
            const int which = i / (PIECES * ROWS);
            const int column = this->columnOf(part + which, chunk, i % PIECES);
            const bool exists = this->firstRow + row < this->live && column < shardInputs;
            const uint16_t* from = p.in + (part + which) / QUARTERS * shardInputs + (exists ? column : 0)
                    + static_cast<size_t>(exists ? this->firstRow + row : this->firstRow) * p.weight.inputs;
            uint16_t* to = this->piece(stage, which, row, i % PIECES);
            if (aligned) {
                copyAsync16(to, from, exists ? 16 : 0);
            } else {
                for (int c = 0; c < 8; c++) {
                    to[c] = exists && column + c < shardInputs ? from[c] : 0;
                }
            }
        }
    }
    __device__ __forceinline__ void deposit(int) const {}

    static __device__ __forceinline__ void commit() {
        commitCopies();
    }
    /// Waits until the oldest stage that was fetched is in shared memory.
    static __device__ __forceinline__ void await() {
        awaitCopies<STAGES - 2>();
    }
    static __device__ __forceinline__ void end() {
        awaitCopies<0>();
    }
};

/// Fills the ring with f32 rows that are normalised and rounded. Fetched values wait in registers until deposit()
/// writes them to shared memory.
template <class Operand, int ROWS>
struct NormalisedActivations : ActivationRing<ROWS> {
    using Ring = ActivationRing<ROWS>;
    using Ring::p;
    static_assert(PART_WARPS<ROWS> * ROWS * PIECES == PROJECT_THREADS, "a piece a thread");
    float* factors;    // [ROWS], shared memory
    float weights[8];
    float values[8];

    __device__ __forceinline__ NormalisedActivations(unsigned char* ring, float* factors, const Projection& p, int live)
        : Ring{ring, p, live, 0}, factors(factors) {}

    __device__ __forceinline__ void begin(int firstRow) {
        this->firstRow = firstRow;
        const int inputs = p.weight.inputs;
        for (int row = threadIdx.x / WARP; row < ROWS; row += PROJECT_WARPS) {
            const int at = firstRow + row;
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

    static __device__ __forceinline__ int row() {
        return threadIdx.x / PIECES % ROWS;
    }
    static __device__ __forceinline__ int which() {
        return threadIdx.x / (PIECES * ROWS);
    }

    __device__ __forceinline__ void fetch(int part, int chunk, int) {
        const int column = this->columnOf(part + which(), chunk, threadIdx.x % PIECES);
        const int left = p.weight.shardInputs - column;
        const size_t at = static_cast<size_t>((part + which()) / QUARTERS) * p.weight.shardInputs + column;
        const int at0 = this->firstRow + row();
        read(p.norm.weight + at, left, weights);
        read(p.norm.in + static_cast<size_t>(at0) * p.weight.inputs + at, at0 < this->live ? left : 0, values);
    }
    __device__ __forceinline__ void deposit(int stage) const {
        const float factor = factors[row()];
        float x[8];
#pragma unroll
        for (int k = 0; k < 8; k++) {
            x[k] = values[k] * factor * weights[k];
        }
        Word4 packed;
        packed.x = Operand::pack(x[0], x[1]);
        packed.y = Operand::pack(x[2], x[3]);
        packed.z = Operand::pack(x[4], x[5]);
        packed.w = Operand::pack(x[6], x[7]);
        *reinterpret_cast<Word4*>(this->piece(stage, which(), row(), threadIdx.x % PIECES)) = packed;
    }
    static __device__ __forceinline__ void commit() {}
    static __device__ __forceinline__ void await() {}
    static __device__ __forceinline__ void end() {}

    /// Reads the first `left` of 8 columns; the others become zero.
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

/// Multiplies this warp's chunk of weights by its part's columns in a stage of the ring.
template <class Chunk, int ROWS>
__device__ __forceinline__ void multiplyChunk(
        const ActivationRing<ROWS>& ring, const Chunk& chunk, int stage, float (&sums)[ROWS / 8][4]) {
    const int lane = threadIdx.x % WARP;
    const int part = threadIdx.x / WARP / OUTPUT_WARPS<ROWS>;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        uint32_t a0[4];
        uint32_t a1[4];
        chunk.fragment(2 * half, a0);
        chunk.fragment(2 * half + 1, a1);
#pragma unroll
        for (int n = 0; n < ROWS / 8; n++) {
            const uint16_t* from = ring.piece(stage, part, n * 8 + lane / 4, half * (PIECES / 2) + lane % 4);
            Word4 b = *reinterpret_cast<const Word4*>(from);
            Chunk::Operand::multiply(sums[n], a0, b.x, b.y);
            Chunk::Operand::multiply(sums[n], a1, b.z, b.w);
        }
    }
}

/// Adds parts as a binary tree in the order in which they come, `COUNT` values of a thread at a time. It works like the
/// carries of a binary counter: `at(level)` holds the sum of 2^level parts. The lowest levels are in shared memory, the
/// others in scratch memory.
template <int COUNT>
struct PartTree {
    static constexpr int LEVEL = COUNT * PROJECT_THREADS;
    float* shared;
    float* above;

    /// Adds a part to the tree. After the last part, `values` holds the total.
    ///
    /// @param part  number of the part
    /// @param count number of parts
    __device__ __forceinline__ void add(int part, int count, float (&values)[COUNT]) const {
        int level = 0;
        for (; (part >> level & 1) != 0; level++) {
            const float* from = at(level);
#pragma unroll
            for (int i = 0; i < COUNT; i++) {
                values[i] = from[i * PROJECT_THREADS] + values[i];
            }
        }
        if (part < count - 1) {
            float* to = at(level);
#pragma unroll
            for (int i = 0; i < COUNT; i++) {
                to[i * PROJECT_THREADS] = values[i];
            }
        }
    }
    __device__ __forceinline__ float* at(int level) const {
        return (level < SHARED_LEVELS ? shared + level * LEVEL : above + (level - SHARED_LEVELS) * LEVEL) + threadIdx.x;
    }
};

/// Writes each warp's sums to shared memory, [part][row][output].
template <int ROWS>
__device__ __forceinline__ void depositSums(float* to, const float (&sums)[ROWS / 8][4]) {
    const int lane = threadIdx.x % WARP;
    const int warp = threadIdx.x / WARP;
    to += warp / OUTPUT_WARPS<ROWS> * ROWS * SUM_STRIDE<ROWS> + warp % OUTPUT_WARPS<ROWS> * TILE_OUTPUTS + lane / 4;
#pragma unroll
    for (int n = 0; n < ROWS / 8; n++) {
        int row = n * 8 + lane % 4 * 2;
        to[row * SUM_STRIDE<ROWS>] = sums[n][0];
        to[(row + 1) * SUM_STRIDE<ROWS>] = sums[n][1];
        to[row * SUM_STRIDE<ROWS> + 8] = sums[n][2];
        to[(row + 1) * SUM_STRIDE<ROWS> + 8] = sums[n][3];
    }
}

/// The areas of a block's shared memory.
template <int ROWS>
struct ProjectShared {
    unsigned char* ring;
    float* factors;    // [ROWS]
    float* tree;       // [SHARED_LEVELS][THREAD_SUMS][PROJECT_THREADS]
    float* sums;       // [part][ROWS][SUM_STRIDE]; shares memory with the tree if a block computes one part at a time
    int* last;

    __device__ __forceinline__ ProjectShared() {
        ring = sharedMemory();
        factors = reinterpret_cast<float*>(ring + RING_BYTES<ROWS>);
        last = reinterpret_cast<int*>(factors + ROWS);
        tree = factors + ROWS + 4;
        sums = PART_WARPS<ROWS> == 1 ? tree : tree + SHARED_LEVELS * LEVEL_BYTES<ROWS> / 4;
    }
};

/// The work of one block in a launch.
template <class Chunk, int ROWS, class Activations>
struct Multiplication {
    const Projection& p;
    const Work<ROWS> work;
    ProjectShared<ROWS> shared;
    Activations activations;

    __device__ __forceinline__ Multiplication(const Projection& p, int live)
        : p(p), work(p, live), activations(shared.ring, shared.factors, p, live) {}

    __device__ __forceinline__ ResultWriter<ROWS> writer() const {
        return {p, work, activations.live};
    }

    /// The first chunk of weights of this warp's tile of an item.
    __device__ __forceinline__ unsigned firstChunk(const WorkItem& item) const {
        const int outputWarp = threadIdx.x / WARP % OUTPUT_WARPS<ROWS>;
        const int groups = (p.weight.outputs + GROUP_OUTPUTS - 1) / GROUP_OUTPUTS;
        int group = (item.outputTile * OUTPUT_WARPS<ROWS> + outputWarp) / 2;
        // a warp beyond the last group repeats its work; the result is not used
        int tile = tileOf(p, min(group, groups - 1), outputWarp % 2);
        return static_cast<unsigned>(tile * p.weight.shards * p.weight.shardChunks);
    }
    /// The index, from firstChunk, of this warp's chunk of a part; that of the shard's first chunk if the part is
    /// shorter.
    __device__ __forceinline__ unsigned chunkAt(int part, int chunk) const {
        part += threadIdx.x / WARP / OUTPUT_WARPS<ROWS>;
        return static_cast<unsigned>(part / QUARTERS * p.weight.shardChunks
                + (has(part, chunk) ? part % QUARTERS * activations.quarterChunks() + chunk : 0));
    }
    __device__ __forceinline__ bool has(int part, int chunk) const {
        return part % QUARTERS * activations.quarterChunks() + chunk < p.weight.shardChunks;
    }

    /// Adds the parts that the warps have just computed to the tree; after the last group of parts, writes the result.
    __device__ __forceinline__ void fold(const WorkItem& item, int group, float (&sums)[ROWS / 8][4]) {
        const int groups = p.blockParts / PART_WARPS<ROWS>;
        const bool done = group == groups - 1;
        const PartTree<THREAD_SUMS<ROWS>> tree{shared.tree, p.scratch
                + static_cast<size_t>(blockIdx.x) * (MOST_LEVELS - SHARED_LEVELS) * PartTree<THREAD_SUMS<ROWS>>::LEVEL};
        if constexpr (PART_WARPS<ROWS> == 1) {
            tree.add(group, groups, reinterpret_cast<float(&)[THREAD_SUMS<ROWS>]>(sums));
            if (!done) {
                return;
            }
        }
        if constexpr (PART_WARPS<ROWS> == 1) {
            __syncthreads();    // the sums overwrite the tree, which is no longer needed
        }
        depositSums<ROWS>(shared.sums, sums);
        __syncthreads();
        if constexpr (PART_WARPS<ROWS> > 1) {
            float values[THREAD_SUMS<ROWS>];
#pragma unroll
            for (int i = 0; i < THREAD_SUMS<ROWS>; i++) {
                constexpr int PART = ROWS * SUM_STRIDE<ROWS>;
                const float* from = sumAt(threadIdx.x + i * PROJECT_THREADS);
                values[i] = from[0] + from[PART];
                if constexpr (PART_WARPS<ROWS> == 4) {
                    values[i] += from[2 * PART] + from[3 * PART];
                }
            }
            tree.add(group, groups, values);
#pragma unroll
            for (int i = 0; i < THREAD_SUMS<ROWS>; i++) {
                *sumAt(threadIdx.x + i * PROJECT_THREADS) = values[i];
            }
        }
        if (done) {
#pragma unroll 1
            for (int at = threadIdx.x; at < ROWS * BLOCK_OUTPUTS<ROWS>; at += PROJECT_THREADS) {
                writer().take(item, at / BLOCK_OUTPUTS<ROWS>, at % BLOCK_OUTPUTS<ROWS>, *sumAt(at));
            }
        }
    }

    /// The address of a result of the tile in shared memory, in order of rows, then outputs.
    __device__ __forceinline__ float* sumAt(int at) const {
        return shared.sums + at / BLOCK_OUTPUTS<ROWS> * SUM_STRIDE<ROWS> + at % BLOCK_OUTPUTS<ROWS>;
    }

    /// Issues the loads of an item's first stages.
    __device__ __forceinline__ void fill(const WorkItem& item) {
        activations.begin(item.rowTile * ROWS);
        const int chunks = activations.quarterChunks();
        const int groups = p.blockParts / PART_WARPS<ROWS>;
        int group = 0;
        int chunk = 0;
#pragma unroll 1
        for (int stage = 0; stage < STAGES - 1; stage++) {
            if (group < groups) {
                activations.fetch(item.split * p.blockParts + group * PART_WARPS<ROWS>, chunk, stage);
                activations.deposit(stage);
            }
            activations.commit();
            advance(group, chunk, chunks);
        }
    }

    static __device__ __forceinline__ void advance(int& group, int& chunk, int chunks) {
        chunk++;
        if (chunk == chunks) {
            chunk = 0;
            group++;
        }
    }

    /// Loads the chunk that follows chunk `at` of a group of parts: of the next group after the last chunk, and of this
    /// block's next item after the last group.
    __device__ __forceinline__ Chunk chunkAfter(int index, int group, int at) const {
        const int chunks = activations.quarterChunks();
        int part = work.item(index).split * p.blockParts + group * PART_WARPS<ROWS>;
        if (at + 1 == chunks) {
            part += PART_WARPS<ROWS>;
            if ((group + 1) * PART_WARPS<ROWS> == p.blockParts) {
                index += gridDim.x;
                part = work.item(index).split * p.blockParts;
            }
        }
        return Chunk(p.weight, firstChunk(work.item(index)) + chunkAt(part, at + 1 == chunks ? 0 : at + 1),
                threadIdx.x % WARP);
    }

    /// @param first number of this block's first item; its items follow at a distance of the number of blocks
    __device__ __forceinline__ void run(int first) {
        const int items = work.items();
        if (first >= items) {
            return;
        }
        const int chunks = activations.quarterChunks();
        const int groups = p.blockParts / PART_WARPS<ROWS>;
        const WorkItem begin = work.item(first);
        Chunk next(p.weight, firstChunk(begin) + chunkAt(begin.split * p.blockParts, 0), threadIdx.x % WARP);
        fill(begin);
#pragma unroll 1
        for (int index = first; index < items; index += gridDim.x) {
            const bool more = index + static_cast<int>(gridDim.x) < items;
            int aheadGroup = (STAGES - 1) / chunks;
            int aheadChunk = (STAGES - 1) % chunks;
            int stage = 0;
#pragma unroll 1
            for (int group = 0; group < groups; group++) {
                float sums[ROWS / 8][4] = {};
                const int part = work.item(index).split * p.blockParts + group * PART_WARPS<ROWS>;
#pragma unroll 1
                for (int at = 0; at < chunks; at++, stage++) {
                    activations.await();
                    __syncthreads();
                    const bool ahead = aheadGroup < groups;
                    if (ahead) {
                        activations.fetch(part + (aheadGroup - group) * PART_WARPS<ROWS>, aheadChunk,
                                stage + STAGES - 1);
                    }
                    activations.commit();
                    const Chunk chunk = next;
                    if (more || group + 1 < groups || at + 1 < chunks) {
                        next = chunkAfter(index, group, at);
                    }
                    if (has(part + threadIdx.x / WARP / OUTPUT_WARPS<ROWS>, at)) {
                        multiplyChunk<Chunk, ROWS>(activations, chunk, stage, sums);
                    }
                    if (ahead) {
                        activations.deposit(stage + STAGES - 1);
                    }
                    advance(aheadGroup, aheadChunk, chunks);
                }
                if (group + 1 == groups) {
                    __syncthreads();
                    if (more) {
                        fill(work.item(index + gridDim.x));
                    }
                }
                fold(work.item(index), group, sums);
            }
            if (work.splits > 1) {
                writer().join(work.item(index), shared.last);
            }
        }
        activations.end();
    }
};

/// Grid: as many blocks as there are items, at most as many as can be resident at the same time.
template <class Chunk, int ROWS, template <class, int> class Activations>
__device__ __forceinline__ void multiply(const Projection& p) {
    const int live = Plan{p.plan}.live(p.counter);
    Multiplication<Chunk, ROWS, Activations<typename Chunk::Operand, ROWS>>(p, live).run(blockIdx.x);
}

template <class Chunk, int ROWS>
__device__ __forceinline__ void project(const Projection& p) {
    multiply<Chunk, ROWS, CopiedActivations>(p);
}

template <class Chunk, int ROWS>
__device__ __forceinline__ void projectNormalised(const Projection& p) {
    multiply<Chunk, ROWS, NormalisedActivations>(p);
}

/// Products of rows that are sorted by expert, each with the weights of its own expert; all experts have the same
/// shape.
struct ExpertProjection {
    Projection product;                      // expert 0's product; not normalised, its tiles not split among blocks
    const unsigned char* const* values;      // [experts]
    const unsigned char* const* scales;      // [experts]
    const int* firstPlaces;                  // [experts + 1]
    int experts;
    int unused;
};

/// Blocks process the items of all experts in turn, so that all blocks are busy even if many experts have few rows
/// each.
template <class Chunk, int ROWS>
__device__ __forceinline__ void projectExperts(const ExpertProjection& e) {
    const int blocks = gridDim.x;
    int before = 0;    // items of the earlier experts, modulo blocks
#pragma unroll 1
    for (int expert = 0; expert < e.experts; expert++) {
        const int first = e.firstPlaces[expert];
        const int live = e.firstPlaces[expert + 1] - first;
        if (live == 0) {
            continue;
        }
        Projection p = e.product;
        p.weight.values = e.values[expert];
        p.weight.scales = e.scales[expert];
        p.in += static_cast<size_t>(first) * p.weight.inputs;
        p.out.values += static_cast<size_t>(first) * p.weight.outputs;
        p.bias = p.bias == nullptr ? nullptr : p.bias + static_cast<size_t>(expert) * p.weight.outputs;
        Multiplication<Chunk, ROWS, CopiedActivations<typename Chunk::Operand, ROWS>> multiplication(p, live);
        multiplication.run((static_cast<int>(blockIdx.x) + blocks - before) % blocks);
        before = (before + multiplication.work.items()) % blocks;
        __syncthreads();
    }
}
