// Rotates queries and keys, and appends keys and values to a cache of bf16: see append.cuh.
#include "append.cuh"

extern "C" __global__ void __launch_bounds__(64) append_bf16(Append a) {
    append<StoreBf16>(a);
}
