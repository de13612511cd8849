// The index of a row's greatest number, the lowest index where several numbers are equal.
//
// Bound by reading the row from the cache: once to find the greatest number, and a second time up to its index.

#include "lanes.h"

/// Returns -1 if any number is not finite: only then is its difference from itself not zero.
int KERNEL(argmax)(const float *row, int count) {
    floats most[4], doubt = splat(0);
    for (int j = 0; j < 4; j++) {
        most[j] = splat(-__builtin_inff());
    }
    int at = 0;
    for (; at + 64 <= count; at += 64) {
        UNROLLED for (int j = 0; j < 4; j++) {
            floats x = load(row + at + 16 * j);
            most[j] = max_(most[j], x);
            doubt = add(doubt, sub(x, x));
        }
    }
    float best = greatest(max_(max_(most[0], most[1]), max_(most[2], most[3]))), rest = sum_tree(doubt);
    for (; at < count; at++) {
        best = row[at] > best ? row[at] : best;
        rest += row[at] - row[at];
    }
    if (rest != 0) {
        return -1;
    }
    for (at = 0; at + 16 <= count; at += 16) {
        if (greatest(load(row + at)) == best) {
            break;
        }
    }
    while (row[at] != best) {
        at++;
    }
    return at;
}
