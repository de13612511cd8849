// Device operations that the kernels need beyond C++: warp collectives, tensor-core products, asynchronous copies,
// 16-bit conversions. With a host compiler the emulator (src/test/cuda/emulator.hpp) provides the same names, so that
// every kernel runs unchanged, thread by thread, on a machine without a GPU.
#pragma once

#include <cstdint>

#ifndef __CUDACC__
#include "emulator.hpp"
#else

using Word4 = uint4;
using Word2 = uint2;

/// The block's dynamic shared memory, 16-byte aligned. The launch sets its size.
__device__ __forceinline__ unsigned char* sharedMemory() {
    extern __shared__ __align__(16) unsigned char bytes[];
    return bytes;
}

/// D += A * B on tensor cores: 16 x 16 times 16 x 8, f16 operands, f32 sums.
__device__ __forceinline__ void multiplyF16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Does the same with bf16 operands.
__device__ __forceinline__ void multiplyBf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Starts a copy of 16 bytes from global to shared memory. Bytes from number `valid` on become zero.
__device__ __forceinline__ void copyAsync16(void* shared, const void* global, int valid) {
    auto address = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(global), "r"(valid) : "memory");
}

__device__ __forceinline__ void commitCopies() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits until at most `PENDING` of this thread's newest groups of copies are unfinished.
template <int PENDING>
__device__ __forceinline__ void awaitCopies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}

/// Loads 16 bytes that are read once, without a place in L1.
__device__ __forceinline__ Word4 loadStreaming(const void* global) {
    Word4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(global));
    return v;
}

/// Loads 16 bytes that an earlier kernel of the same stream wrote.
__device__ __forceinline__ Word4 load16(const void* global) {
    return *static_cast<const Word4*>(global);
}

__device__ __forceinline__ Word2 load8(const void* global) {
    return *static_cast<const Word2*>(global);
}

/// Loads a number that other blocks of the same launch, or other devices, wrote, from L2, as L1 is not coherent.
template <class T>
__device__ __forceinline__ T loadFresh(const T* global) {
    return __ldcg(global);
}

template <class T>
__device__ __forceinline__ T shuffleXor(T value, int mask) {
    return __shfl_xor_sync(0xFFFFFFFFU, value, mask);
}

template <class T>
__device__ __forceinline__ T shuffle(T value, int lane) {
    return __shfl_sync(0xFFFFFFFFU, value, lane);
}

__device__ __forceinline__ uint32_t packF16(float low, float high) {
    uint32_t packed;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}

__device__ __forceinline__ uint32_t packBf16(float low, float high) {
    uint32_t packed;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}

__device__ __forceinline__ float unpackF16(uint16_t half) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(half));
    return value;
}

/// a * b + c on two f16 numbers each, rounded once.
__device__ __forceinline__ uint32_t fmaF16x2(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t d;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

__device__ __forceinline__ uint32_t permuteBytes(uint32_t low, uint32_t high, uint32_t selector) {
    return __byte_perm(low, high, selector);
}

__device__ __forceinline__ float exp2Fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ __forceinline__ uint64_t multiplyHigh(uint64_t a, uint64_t b) {
    return __umul64hi(a, b);
}

__device__ __forceinline__ float bitsToFloat(uint32_t bits) {
    return __uint_as_float(bits);
}

__device__ __forceinline__ uint32_t floatToBits(float value) {
    return __float_as_uint(value);
}

__device__ __forceinline__ uint64_t doubleToBits(double value) {
    return static_cast<uint64_t>(__double_as_longlong(value));
}

__device__ __forceinline__ double bitsToDouble(uint64_t bits) {
    return __longlong_as_double(static_cast<long long>(bits));
}

__device__ __forceinline__ void addAtomic(uint32_t* address, uint32_t value) {
    atomicAdd(address, value);
}

__device__ __forceinline__ void addAtomic(uint64_t* address, uint64_t value) {
    static_assert(sizeof(uint64_t) == sizeof(unsigned long long));
    atomicAdd(reinterpret_cast<unsigned long long*>(address), static_cast<unsigned long long>(value));
}

/// Returns a counter in shared memory, and increments it.
__device__ __forceinline__ uint32_t takeNumber(uint32_t* counter) {
    return atomicAdd(counter, 1U);
}

/// Increments a counter and returns its old value: how many blocks arrived before. Writes of this block before its last
/// barrier are visible to blocks that arrive later, after their next barrier.
__device__ __forceinline__ uint32_t arrive(uint32_t* counter) {
    uint32_t before;
    asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
    return before;
}

/// As loadFresh, for 16 bytes.
__device__ __forceinline__ Word4 loadFresh16(const void* global) {
    return __ldcg(static_cast<const uint4*>(global));
}

__device__ __forceinline__ void store16(void* global, const Word4& words) {
    *static_cast<Word4*>(global) = words;
}

/// Stores a signal for a kernel of any device. A kernel that has loaded it sees all writes that came before it.
__device__ __forceinline__ void storeRelease(uint32_t* signal, uint32_t value) {
    asm volatile("st.release.sys.global.u32 [%0], %1;" ::"l"(signal), "r"(value) : "memory");
}

__device__ __forceinline__ uint32_t loadAcquire(const uint32_t* signal) {
    uint32_t value;
    asm volatile("ld.acquire.sys.global.u32 %0, [%1];" : "=r"(value) : "l"(signal) : "memory");
    return value;
}

/// The device's clock.
__device__ __forceinline__ uint64_t nanoseconds() {
    uint64_t now;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
    return now;
}

/// Waits a little before a signal is looked at again.
__device__ __forceinline__ void pauseThread() {
    __nanosleep(32);
}

/// Ends the kernel with an error. The device can then only be given up.
__device__ __forceinline__ void trap() {
    __trap();
}

#endif

constexpr int WARP = 32;

__device__ __forceinline__ float unpackBf16(uint16_t bfloat) {
    return bitsToFloat(static_cast<uint32_t>(bfloat) << 16);
}

/// The nearest finite f16 value: large activations saturate instead of becoming infinite. NaN stays NaN.
__device__ __forceinline__ float withinF16(float value) {
    constexpr float GREATEST = 65504;
    return value > GREATEST ? GREATEST : value < -GREATEST ? -GREATEST : value;
}

/// The 16-bit formats of operands and of the KV cache, as template parameters.
struct F16 {
    static __device__ __forceinline__ uint32_t pack(float low, float high) {
        return packF16(withinF16(low), withinF16(high));
    }
    static __device__ __forceinline__ void multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
        multiplyF16(d, a, b0, b1);
    }
};

struct Bf16 {
    static __device__ __forceinline__ uint32_t pack(float low, float high) {
        return packBf16(low, high);
    }
    static __device__ __forceinline__ void multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
        multiplyBf16(d, a, b0, b1);
    }
};

/// The sum over the warp, in every lane, by a butterfly. All lanes must call it.
__device__ __forceinline__ float warpSum(float value) {
    for (int mask = WARP / 2; mask > 0; mask /= 2) {
        value += shuffleXor(value, mask);
    }
    return value;
}

/// The sum over the block, in every thread: each warp's sum, then the warps' sums in order. All threads must call it.
/// `partial` is shared memory for 32 values, which may be used again after the next barrier.
__device__ __forceinline__ float blockSum(float value, float* partial) {
    value = warpSum(value);
    __syncthreads();
    if (threadIdx.x % WARP == 0) {
        partial[threadIdx.x / WARP] = value;
    }
    __syncthreads();
    float sum = 0;
    for (unsigned warp = 0; warp < blockDim.x / WARP; warp++) {
        sum += partial[warp];
    }
    return sum;
}
