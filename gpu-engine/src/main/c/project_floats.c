// out = in * weightᵀ for weights in f32, and in f16, which are widened in registers.

#include "project_floats.h"

#define PROJECT(name, type)                                                                                           \
    void KERNEL(name)(                                                                                                \
            const void *weights, int inputs, int shards, int outputs, const float *in, int rows, float *out,          \
            int stride, const float *bias, int accumulate, int first, int end) {                                      \
        product p = {weights, inputs, shards, outputs, stride, in, out, bias, accumulate};                            \
        panels_of(&p, first, end, rows, type);                                                                        \
    }

PROJECT(project_single, SINGLE)
PROJECT(project_half, HALF)
