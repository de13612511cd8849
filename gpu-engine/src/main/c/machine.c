// Finds out which instruction sets this machine can run, allocates memory for the kernels, and evicts memory from the
// processor's caches for measurements.

#define _DEFAULT_SOURCE      // for MAP_ANONYMOUS

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__linux__) && defined(__aarch64__)
#include <sys/auxv.h>
#endif

/// The instruction sets that this machine can run, a bit for each: 0 for the base instructions of an architecture other
/// than x86-64, 1 for the dot products of ARM, 2 for AVX2 with FMA and F16C, 3 for AVX2 with VNNI, 4 for AVX-512 with
/// VNNI, 5 for that with products of bf16. 0 means x86-64 without AVX2, for which no kernels are compiled.
int flover_sets(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    int avx512 = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    unsigned a = 0, b = 0, c = 0, d = 0;
    int leaf = __get_cpuid_count(7, 1, &a, &b, &c, &d);     // old compilers do not know the name of AVX-VNNI
    return avx2 << 2 | (avx2 && leaf && a >> 4 & 1) << 3 | avx512 << 4 | (avx512 && leaf && a >> 5 & 1) << 5;
#elif defined(__linux__) && defined(__aarch64__)
    return 1 | ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) << 1;
#else
    return 1;
#endif
}

enum { LINE = 64 };

/// Removes memory from all caches, so that the next access reads it from memory. Does nothing on processors other than
/// x86-64 and aarch64.
void flover_evict(const char *start, size_t bytes) {
#if defined(__x86_64__)
    for (size_t i = 0; i < bytes; i += LINE) {
        __builtin_ia32_clflush(start + i);
    }
    __builtin_ia32_mfence();
#elif defined(__aarch64__)
    for (size_t i = 0; i < bytes; i += LINE) {
        __asm__ volatile("dc civac, %0" : : "r"(start + i) : "memory");
    }
    __asm__ volatile("dsb sy" : : : "memory");
#else
    (void)start;
    (void)bytes;
#endif
}

enum { HUGE_PAGE = 2 << 20 };

/// Maps zeroed memory in whole huge pages. Physical memory is used only for pages that have been touched. Returns null
/// if the system refuses.
void *flover_map(size_t bytes) {
#if defined(__linux__)
    size_t whole = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char *mapped = mmap(0, whole + HUGE_PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
        return 0;
    }
    size_t before = HUGE_PAGE - (uintptr_t)mapped % HUGE_PAGE;
    char *start = mapped + before;
    munmap(mapped, before);
    if (before < HUGE_PAGE) {
        munmap(start + whole, HUGE_PAGE - before);
    }
#if defined(MADV_HUGEPAGE)
    // saves page-table walks when weights are streamed; a failure is harmless
    madvise(start, whole, MADV_HUGEPAGE);
#endif
    return start;
#else
    return calloc(bytes, 1);
#endif
}

void flover_unmap(void *start, size_t bytes) {
#if defined(__linux__)
    munmap(start, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
#else
    (void)bytes;
    free(start);
#endif
}
