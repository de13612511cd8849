// Peak rates of this machine, for benchmarks: fma, integer dot products, and reading memory.

#include "lanes.h"

/// How many independent sums fit into the registers of an instruction set; TIMES of them are computed in a round.
#if defined(__AVX512F__)
enum { CHAINS = 12 };
#else
enum { CHAINS = 4 };
#endif
enum { TIMES = 12 / CHAINS };

/// Computes 12 * 16 fma a round, or 12 * 32 with the instruction for bf16. The result depends on all of them. The
/// compiler does not know that sums are equal, so it computes each.
INLINE float compute_floats(long rounds, const int in_bf16) {
    float first[16 * CHAINS] = {0};
    leave_in_memory(first);
    floats sum[CHAINS], x = splat(0.999f), y = splat(0.001f);
    UNROLLED for (int i = 0; i < CHAINS; i++) {
        sum[i] = load(first + 16 * i);
    }
    for (long round = 0; round < rounds; round++) {
        UNROLLED for (int i = 0; i < TIMES * CHAINS; i++) {
#if defined(HAS_BF16_DOT)
            sum[i % CHAINS] = in_bf16 ? bf16_dot(sum[i % CHAINS], x, y) : fma_(x, y, sum[i % CHAINS]);
#else
            (void)in_bf16;
            sum[i % CHAINS] = fma_(x, y, sum[i % CHAINS]);
#endif
        }
    }
    UNROLLED for (int i = 1; i < CHAINS; i++) {
        sum[0] = add(sum[0], sum[i]);
    }
    return sum_tree(sum[0]);
}

float KERNEL(float_ceiling)(long rounds) { return compute_floats(rounds, 0); }

float KERNEL(bf16_ceiling)(long rounds) { return compute_floats(rounds, 1); }

/// Adds products to sums of the fewest bits in which the products' kernels add them.
INLINE ints add_products(ints sum, ints bytes, ints four) {
#if defined(HAS_PAIRS)
    return add_pairs(sum, pairs_of(bytes, four));
#else
    return in_order(dot(sum, bytes, four));     // gcc 12 would copy the sums to other registers and back
#endif
}

/// Computes 12 * 64 products of bytes a round. The result depends on all of them. The compiler does not know that these
/// bytes stay the same, so it computes each product in each round.
float KERNEL(integer_ceiling)(long rounds) {
    _Alignas(64) float bytes[16 * TIMES * CHAINS];
    ints sum[CHAINS], four = splat_int(0x01FF0201);
    memset(bytes, 1, sizeof bytes);
    UNROLLED for (int i = 0; i < CHAINS; i++) {
        sum[i] = splat_int(i);
    }
    for (long round = 0; round < rounds; round++) {
        leave_in_memory(bytes);
        UNROLLED for (int i = 0; i < TIMES * CHAINS; i++) {
            sum[i % CHAINS] = add_products(sum[i % CHAINS], load_ints(bytes + 16 * i), four);
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
