// Projections with 4-bit weights, in groups of 32 with an f16 scale and offset: see project.cuh. One entry point for
// each number of rows in a tile.
#include "project.cuh"

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 3)
        project_q4_8(const __grid_constant__ Projection p) {
    project<ChunkQ4, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_q4_16(const __grid_constant__ Projection p) {
    project<ChunkQ4, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_q4_32(const __grid_constant__ Projection p) {
    project<ChunkQ4, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_q4_64(const __grid_constant__ Projection p) {
    project<ChunkQ4, 64>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_q4_8(const __grid_constant__ Projection p) {
    projectNormalised<ChunkQ4, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_normalised_q4_16(const __grid_constant__ Projection p) {
    projectNormalised<ChunkQ4, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_q4_8(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ4, 8>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 2)
        project_experts_q4_16(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ4, 16>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_q4_32(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ4, 32>(p);
}

extern "C" __global__ void __launch_bounds__(PROJECT_THREADS, 1)
        project_experts_q4_64(const __grid_constant__ ExpertProjection p) {
    projectExperts<ChunkQ4, 64>(p);
}
