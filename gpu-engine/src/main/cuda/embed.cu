// out[row] = table[id] * scale, or out[row] += table[position] for learned positions.
//
// Grid: (rows, 1); 256 threads over the columns. Bound by memory; takes little time.
#include "operand.cuh"
#include "plan.cuh"
#include "weight.cuh"

struct Embedding {
    Weight table;             // [ids, columns]
    Tensor out;               // [rows, columns]
    const int* newest;        // [homes] newest token of each sequence
    const int* plan;
    float scale;
    int positions;            // 1: rows are looked up by position and added to `out`; 0: looked up by token and written
};

extern "C" __global__ void __launch_bounds__(256) embed(Embedding e) {
    const Plan plan{e.plan};
    const int row = blockIdx.x;
    if (row >= plan.live(PLAN_ROWS)) {
        return;
    }
    int id = e.positions != 0 ? plan.array(POSITIONS)[row] : plan.array(TOKENS)[row];
    if (id < 0) {
        id = e.newest[plan.array(HOMES)[row]];
    }
    const int columns = e.table.inputs;
    for (int column = threadIdx.x; column < normPieces(columns) * NORM_PIECE; column += blockDim.x) {
        float value = 0;
        if (column < columns) {
            value = element(e.table, id, column);
            value = e.positions != 0
                    ? e.out.values[static_cast<size_t>(row) * columns + column] + value
                    : value * e.scale;
        }
        storePiece(e.out, row, columns, column, value);
    }
}
