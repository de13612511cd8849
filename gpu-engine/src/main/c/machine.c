// Which of the compiled kernels this machine can run, and memory for them.

#define _DEFAULT_SOURCE      // for MAP_ANONYMOUS

#include <stddef.h>
#include <stdlib.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

/// 2: AVX-512 with VNNI; 1: AVX2 with FMA and F16C; 0: what every machine of this architecture can; -1: nothing.
int flover_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
        return 2;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") ? 1 : -1;
#else
    return 0;
#endif
}

/// Zeroed memory that takes no room until it is touched. Null where there is none.
void *flover_allocate(size_t bytes) {
#if defined(__linux__)
    void *start = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        return 0;
    }
#if defined(MADV_HUGEPAGE)
    madvise(start, bytes, MADV_HUGEPAGE);      // spares page walks when weights are streamed; only ever a hint
#endif
    return start;
#else
    return calloc(bytes, 1);
#endif
}

void flover_free(void *start, size_t bytes) {
#if defined(__linux__)
    munmap(start, bytes);
#else
    (void)bytes;
    free(start);
#endif
}
