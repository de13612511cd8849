// out = sum of the ranks' parts + bias, or out += it: what remains of a product when each rank has multiplied by its
// share of the inputs. Parts are added in a binary tree, as the shards of a product are, so that the number of ranks
// changes no bit.
//
// A warp takes 128 columns of a row at a time, a unit: four columns a lane, of which eight lanes together make a piece
// of norm.cuh. With two ranks, and with more to 512 KB, every rank adds all units (one shot): it reads the parts of
// all ranks after one meeting. Above (two shots), rank r adds the units u with u % ranks == r and writes their sums
// over its own part; after a second meeting every rank reads the sums of all. No other rank reads the units that are
// overwritten.
//
// The next launch of a rank's product must not overwrite a part that other ranks may still read: two parts are used
// alternately. A rank has read all parts of a launch when it comes to the meeting of the next.
//
// Grid: at most a quarter of the multiprocessors, the same on all ranks; 512 threads. Bound by latency to 256 KB, then
// by the link between the devices.
#include "norm.cuh"
#include "peers.cuh"
#include "plan.cuh"

constexpr int JOIN_THREADS = 512;
constexpr int JOIN_WARPS = JOIN_THREADS / WARP;
constexpr int LANE_COLUMNS = 4;
constexpr int UNIT_COLUMNS = WARP * LANE_COLUMNS;

struct Join {
    Peers peers;
    float* parts[MOST_RANKS];    // of every rank: [rows, columns]
    float* out;                  // [rows, columns]
    float* squares;              // [rows][normPieces(columns)], sums of squares of `out`, or null
    const float* bias;           // [columns] or null
    const int* plan;
    int counter;
    int columns;                 // 0: only meet
    int adds;                    // 1: out += sum
    int twoShots;
};

struct Quad {
    float values[LANE_COLUMNS];
};

__device__ __forceinline__ Quad quadOf(const Word4& words) {
    return {bitsToFloat(words.x), bitsToFloat(words.y), bitsToFloat(words.z), bitsToFloat(words.w)};
}

/// The place of a unit: a row, and the first of this lane's columns.
struct Place {
    int row;
    int column;
    int columns;

    __device__ __forceinline__ Place(int unit, int columns) : columns(columns) {
        const int units = (columns + UNIT_COLUMNS - 1) / UNIT_COLUMNS;
        row = unit / units;
        column = unit % units * UNIT_COLUMNS + static_cast<int>(threadIdx.x) % WARP * LANE_COLUMNS;
    }
    __device__ __forceinline__ size_t start() const {
        return static_cast<size_t>(row) * columns + column;
    }
    /// Whether the four columns are in the row and aligned. Otherwise some of them may be beyond it.
    __device__ __forceinline__ bool isWhole() const {
        return columns % LANE_COLUMNS == 0 && column < columns;
    }
};

/// Four columns from memory that other ranks write; 0 beyond the row.
__device__ __forceinline__ Quad loadQuad(const float* from, const Place& place) {
    if (place.isWhole()) {
        return quadOf(loadFresh16(from + place.start()));
    }
    Quad quad{};
    for (int i = 0; i < LANE_COLUMNS; i++) {
        if (place.column + i < place.columns) {
            quad.values[i] = loadFresh(from + place.start() + i);
        }
    }
    return quad;
}

__device__ __forceinline__ void storeQuad(float* to, const Place& place, const Quad& quad) {
    if (place.isWhole()) {
        store16(to + place.start(), {floatToBits(quad.values[0]), floatToBits(quad.values[1]),
                floatToBits(quad.values[2]), floatToBits(quad.values[3])});
        return;
    }
    for (int i = 0; i < LANE_COLUMNS; i++) {
        if (place.column + i < place.columns) {
            to[place.start() + i] = quad.values[i];
        }
    }
}

/// The sum of all parts at a place.
template <int RANKS>
__device__ __forceinline__ Quad sumOfParts(const Join& j, const Place& place) {
    Quad parts[RANKS];
#pragma unroll
    for (int rank = 0; rank < RANKS; rank++) {
        parts[rank] = loadQuad(j.parts[rank], place);
    }
#pragma unroll
    for (int apart = 1; apart < RANKS; apart *= 2) {
#pragma unroll
        for (int rank = 0; rank < RANKS; rank += 2 * apart) {
#pragma unroll
            for (int i = 0; i < LANE_COLUMNS; i++) {
                parts[rank].values[i] += parts[rank + apart].values[i];
            }
        }
    }
    return parts[0];
}

/// The sum of squares of the piece to which this lane's columns belong, in the order of storePiece: a butterfly over
/// the columns of the piece, first over those 16 apart.
__device__ __forceinline__ float squaresOfPiece(const Quad& quad) {
    float squares[LANE_COLUMNS];
#pragma unroll
    for (int i = 0; i < LANE_COLUMNS; i++) {
        squares[i] = quad.values[i] * quad.values[i];
#pragma unroll
        for (int lanes = NORM_PIECE / LANE_COLUMNS / 2; lanes > 0; lanes /= 2) {
            squares[i] += shuffleXor(squares[i], lanes);
        }
    }
    return (squares[0] + squares[2]) + (squares[1] + squares[3]);
}

/// Adds bias and old value to a sum, and stores it. All lanes must call it.
__device__ __forceinline__ void finish(const Join& j, const Place& place, Quad sum) {
    if (j.bias != nullptr) {
#pragma unroll
        for (int i = 0; i < LANE_COLUMNS; i++) {
            sum.values[i] += place.column + i < place.columns ? j.bias[place.column + i] : 0;
        }
    }
    if (j.adds != 0) {
        const Quad old = loadQuad(j.out, place);
#pragma unroll
        for (int i = 0; i < LANE_COLUMNS; i++) {
            sum.values[i] = old.values[i] + sum.values[i];
        }
    }
    storeQuad(j.out, place, sum);
    if (j.squares != nullptr) {
        const float squares = squaresOfPiece(sum);
        if (place.column % NORM_PIECE == 0 && place.column < place.columns) {
            j.squares[static_cast<size_t>(place.row) * normPieces(place.columns) + place.column / NORM_PIECE] = squares;
        }
    }
}

template <int RANKS>
__device__ __forceinline__ void join(const Join& j) {
    const int rows = Plan{j.plan}.live(j.counter);
    const int units = rows * ((j.columns + UNIT_COLUMNS - 1) / UNIT_COLUMNS);
    const int first = blockIdx.x * JOIN_WARPS + threadIdx.x / WARP;
    const int stride = gridDim.x * JOIN_WARPS;
    meet(j.peers);
    if (j.twoShots == 0) {
        for (int unit = first; unit < units; unit += stride) {
            const Place place(unit, j.columns);
            finish(j, place, sumOfParts<RANKS>(j, place));
        }
        return;
    }
    for (int unit = first * RANKS + j.peers.rank; unit < units; unit += stride * RANKS) {
        const Place place(unit, j.columns);
        storeQuad(j.parts[j.peers.rank], place, sumOfParts<RANKS>(j, place));
    }
    meet(j.peers);
    for (int group = first * RANKS; group < units; group += stride * RANKS) {
#pragma unroll
        for (int rank = 0; rank < RANKS; rank++) {
            if (group + rank < units) {
                const Place place(group + rank, j.columns);
                finish(j, place, loadQuad(j.parts[rank], place));
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(JOIN_THREADS) join_2(const __grid_constant__ Join j) {
    join<2>(j);
}

extern "C" __global__ void __launch_bounds__(JOIN_THREADS) join_4(const __grid_constant__ Join j) {
    join<4>(j);
}

extern "C" __global__ void __launch_bounds__(JOIN_THREADS) join_8(const __grid_constant__ Join j) {
    join<8>(j);
}
