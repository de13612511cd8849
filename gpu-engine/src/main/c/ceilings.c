// Peak rates of this machine, for benchmarks: fma, integer dot products, and reading memory.

#include "lanes.h"

enum { CHAINS = 12 };

/// Computes 12 * 16 fma a round. The result depends on all of them, so that the compiler removes none.
float KERNEL(float_ceiling)(long rounds) {
    floats sum[CHAINS], factor = splat(0.999f), addend = splat(0.001f);
    UNROLLED for (int i = 0; i < CHAINS; i++) {
        sum[i] = splat((float)i);
    }
    for (long round = 0; round < rounds; round++) {
        UNROLLED for (int i = 0; i < CHAINS; i++) {
            sum[i] = fma_(sum[i], factor, addend);
        }
    }
    UNROLLED for (int i = 1; i < CHAINS; i++) {
        sum[0] = add(sum[0], sum[i]);
    }
    return sum_tree(sum[0]);
}

/// Computes 12 * 64 products of bytes a round. The result depends on all of them.
float KERNEL(integer_ceiling)(long rounds) {
    ints sum[CHAINS], bytes = splat_int(0x01020301), four = splat_int(0x01FF0201);
    UNROLLED for (int i = 0; i < CHAINS; i++) {
        sum[i] = splat_int(i);
    }
    for (long round = 0; round < rounds; round++) {
        UNROLLED for (int i = 0; i < CHAINS; i++) {
            sum[i] = dot(sum[i], bytes, four);
        }
    }
    floats total = from_ints(sum[0]);
    UNROLLED for (int i = 1; i < CHAINS; i++) {
        total = add(total, from_ints(sum[i]));
    }
    return sum_tree(total);
}

/// Reads `count` floats, a multiple of 64. The result depends on all of them.
float KERNEL(read_ceiling)(const float *memory, long count) {
    floats most[4] = {splat(0), splat(0), splat(0), splat(0)};
    for (long i = 0; i < count; i += 64) {
        UNROLLED for (int j = 0; j < 4; j++) {
            most[j] = max_(most[j], load(memory + i + 16 * j));
        }
    }
    return sum_tree(add(add(most[0], most[1]), add(most[2], most[3])));
}
