// Rotates queries and keys, and appends keys and values to a cache of f32: see append.cuh.
#include "append.cuh"

extern "C" __global__ void __launch_bounds__(64) append_f32(Append a) {
    append<StoreF32>(a);
}
