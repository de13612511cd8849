// Projections with 8-bit weights, in groups of 32 with an f16 scale: see project.cuh. One entry point for each number
// of rows in a tile.
#include "project.cuh"

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 3)
        project_q8_8(const __grid_constant__ Projection p) {
    project<ChunkQ8, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_q8_16(const __grid_constant__ Projection p) {
    project<ChunkQ8, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_q8_32(const __grid_constant__ Projection p) {
    project<ChunkQ8, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_q8_64(const __grid_constant__ Projection p) {
    project<ChunkQ8, 64>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_q8_8(const __grid_constant__ Projection p) {
    projectNormalised<ChunkQ8, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_q8_16(const __grid_constant__ Projection p) {
    projectNormalised<ChunkQ8, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_q8_8(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ8, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_q8_16(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ8, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_q8_32(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ8, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_q8_64(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ8, 64>(p);
}
