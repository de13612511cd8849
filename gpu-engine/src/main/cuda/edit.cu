// Writes the block table entries that changed since the last step: table[home][index] = block.
//
// Grid: (edits / 256); 256 threads. A launch edits an entry at most once.
#include "device.cuh"

struct TableEdits {
    int* tables;          // [homes][mostBlocks]
    const int* edits;     // [count][3]: home, index, block
    int count;
    int mostBlocks;
};

extern "C" __global__ void __launch_bounds__(256) edit(TableEdits e) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < e.count) {
        e.tables[static_cast<size_t>(e.edits[3 * i]) * e.mostBlocks + e.edits[3 * i + 1]] = e.edits[3 * i + 2];
    }
}
