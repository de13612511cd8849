// Projections with bf16 weights: see project.cuh. One entry point for each number of rows in a tile.
#include "project.cuh"

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 3)
        project_bf16_8(const __grid_constant__ Projection p) {
    project<ChunkBf16, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_bf16_16(const __grid_constant__ Projection p) {
    project<ChunkBf16, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_bf16_32(const __grid_constant__ Projection p) {
    project<ChunkBf16, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_bf16_64(const __grid_constant__ Projection p) {
    project<ChunkBf16, 64>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_bf16_8(const __grid_constant__ Projection p) {
    projectNormalised<ChunkBf16, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_bf16_16(const __grid_constant__ Projection p) {
    projectNormalised<ChunkBf16, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_bf16_8(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkBf16, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_bf16_16(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkBf16, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_bf16_32(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkBf16, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_bf16_64(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkBf16, 64>(p);
}
