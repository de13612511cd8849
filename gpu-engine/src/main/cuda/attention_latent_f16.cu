// Latent attention over a cache of f16: see attention_plain.cuh.
#include "attention_plain.cuh"

extern "C" __global__ void __launch_bounds__(PLAIN_ATTENTION_THREADS) attention_latent_f16(Attention a) {
    attentionPlain<LoadF16>(a);
}
