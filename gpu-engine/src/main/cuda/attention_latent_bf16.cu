// Latent attention over a cache of bf16: see attention_plain.cuh.
#include "attention_plain.cuh"

extern "C" __global__ void __launch_bounds__(PLAIN_ATTENTION_THREADS) attention_latent_bf16(Attention a) {
    attentionPlain<LoadBf16>(a);
}
