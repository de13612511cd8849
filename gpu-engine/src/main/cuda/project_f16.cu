// Projections with f16 weights: see project.cuh. One entry point for each number of rows in a tile.
#include "project.cuh"

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 3)
        project_f16_8(const __grid_constant__ Projection p) {
    project<ChunkF16, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_f16_16(const __grid_constant__ Projection p) {
    project<ChunkF16, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_f16_32(const __grid_constant__ Projection p) {
    project<ChunkF16, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_f16_64(const __grid_constant__ Projection p) {
    project<ChunkF16, 64>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_f16_8(const __grid_constant__ Projection p) {
    projectNormalised<ChunkF16, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_f16_16(const __grid_constant__ Projection p) {
    projectNormalised<ChunkF16, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_f16_8(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkF16, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_f16_16(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkF16, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_f16_32(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkF16, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_f16_64(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkF16, 64>(p);
}
