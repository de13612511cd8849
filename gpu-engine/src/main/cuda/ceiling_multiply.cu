// The peak rate of `mma.sync` on this device, with f16 operands in registers and f32 sums. For benchmarks.
//
// Grid: as many blocks as fill the device; 256 threads; each warp computes eight independent products. Bound by
// arithmetic.
#include "device.cuh"

struct Multiplying {
    float* sink;        // [blocks * 256]
    int rounds;         // in a round a block computes 8 warps * 8 products of 16 x 8 x 16
};

extern "C" __global__ void __launch_bounds__(256) ceiling_multiply(Multiplying m) {
    constexpr int CHAINS = 8;
    float sums[CHAINS][4] = {};
    const uint32_t ones = packF16(1, 1);
    const uint32_t a[4] = {ones, packF16(-1, 1), ones, packF16(1, -1)};
    const uint32_t b = packF16(0.5F, static_cast<float>(threadIdx.x % 2));
    for (int round = 0; round < m.rounds; round++) {
#pragma unroll
        for (int i = 0; i < CHAINS; i++) {
            multiplyF16(sums[i], a, b, ones);
        }
    }
    float all = 0;
#pragma unroll
    for (int i = 0; i < CHAINS; i++) {
        all += sums[i][0] + sums[i][1] + sums[i][2] + sums[i][3];
    }
    m.sink[blockIdx.x * blockDim.x + threadIdx.x] = all;
}
