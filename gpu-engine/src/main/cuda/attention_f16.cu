// Attention over a cache of f16: see attention.cuh. One entry point for each padded width of a head.
#include "attention.cuh"

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<32>, ATTENTION_BLOCKS<32>)
        attention_f16_32(Attention a) {
    attention<F16, 32>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<64>, ATTENTION_BLOCKS<64>)
        attention_f16_64(Attention a) {
    attention<F16, 64>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<96>, ATTENTION_BLOCKS<96>)
        attention_f16_96(Attention a) {
    attention<F16, 96>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<128>, ATTENTION_BLOCKS<128>)
        attention_f16_128(Attention a) {
    attention<F16, 128>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<256>, ATTENTION_BLOCKS<256>)
        attention_f16_256(Attention a) {
    attention<F16, 256>(a);
}
