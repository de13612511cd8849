// Attention over a cache of f32: see attention_plain.cuh.
#include "attention_plain.cuh"

extern "C" __global__ void __launch_bounds__(PLAIN_ATTENTION_THREADS) attention_f32(Attention a) {
    attentionPlain<LoadF32>(a);
}
