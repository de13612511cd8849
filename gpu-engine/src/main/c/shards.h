// Sums of shards, added in a binary tree.
//
// A product's inputs are cut into equal shards, whose number is a power of two. Each shard is summed by itself, from
// zero. The sums are added in pairs, like the carries of a binary counter: after shard 1 the stack holds 0+1, after
// shard 3 (0+1)+(2+3).
#pragma once

#include "lanes.h"

enum { MOST_SHARD_LEVELS = 12 };

/// Adds the sums of the finished shards left of it in the tree to a shard's sum. `stack[level]` holds `count` registers
/// of sixteen floats.
INLINE void add_shard(float *stack, int shard, floats *sum, const int count) {
    int level = 0;
    for (; shard >> level & 1; level++) {
        UNROLLED for (int i = 0; i < count; i++) {
            sum[i] = add(load(stack + 16 * (level * count + i)), sum[i]);
        }
    }
    UNROLLED for (int i = 0; i < count; i++) {
        store(stack + 16 * (level * count + i), sum[i]);
    }
}

/// Completes one row of one panel: `out = sum + bias`, or `out += sum + bias`.
INLINE void finish(float *out, floats sum, const float *bias, int lanes, int accumulate) {
    if (bias) {
        sum = add(sum, load(bias));
    }
    if (lanes == 16) {
        store(out, accumulate ? add(load(out), sum) : sum);
    } else {
        store_first(out, accumulate ? add(load_first(out, lanes), sum) : sum, lanes);
    }
}
