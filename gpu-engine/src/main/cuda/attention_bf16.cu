// Attention over a cache of bf16: see attention.cuh. One entry point for each padded width of a head.
#include "attention.cuh"

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<32>, ATTENTION_BLOCKS<32>)
        attention_bf16_32(Attention a) {
    attention<Bf16, 32>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<64>, ATTENTION_BLOCKS<64>)
        attention_bf16_64(Attention a) {
    attention<Bf16, 64>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<96>, ATTENTION_BLOCKS<96>)
        attention_bf16_96(Attention a) {
    attention<Bf16, 96>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<128>, ATTENTION_BLOCKS<128>)
        attention_bf16_128(Attention a) {
    attention<Bf16, 128>(a);
}

extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS<256>, ATTENTION_BLOCKS<256>)
        attention_bf16_256(Attention a) {
    attention<Bf16, 256>(a);
}
