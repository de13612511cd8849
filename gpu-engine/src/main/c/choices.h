// Numbers on which the speed of products depends and no bit of their results. The best ones differ between processors;
// dev.flover.engine.backend.cpu.KernelTuning measures them.
#pragma once

#include "lanes.h"

enum { MOST_CHUNK_BLOCKS = 8 };

typedef struct {
    int32_t ahead_bytes;        // how far ahead a product of one or two rows prefetches weights; 0 for not at all
    int32_t ahead_rows;         // up to how many rows, from three on, tiles prefetch the weights of later blocks
    int32_t chunk_blocks;       // blocks that all tiles process before any goes on (most_blocks in project_blocks.h
                                // has the exceptions); at most MOST_CHUNK_BLOCKS
    int32_t small_tiles;        // whether tiles have INTEGER_ROWS rows where they could have WIDE_ROWS, and take codes
                                // apart in registers
} choices;

extern choices KERNEL(choices);
