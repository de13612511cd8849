// A GPU that runs the kernels unchanged on a machine without a GPU. A launch runs in the host thread that calls it.
//
// Every CUDA thread of a block is a fiber. A block runs until all of its fibers have returned; blocks run one after
// another. A barrier or a warp collective switches to the next fiber until all have arrived. Several host threads may
// run a launch each at the same time, and the kernels may wait for each other's signals, as on several devices. (Blocks
// of one launch cannot wait for later blocks of that launch.)
//
// Checked are: barriers and collectives that some thread never reaches, shared memory beyond the size of the launch,
// and asynchronous copies that are read before they were awaited (a copy is done only when it is awaited). Shared
// memory is filled with NaN before each block.
//
// Tensor-core products follow the fragment layouts of the PTX manual; sums are in float, in order.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__

using std::max;
using std::min;

struct Dim3 {
    unsigned x;
    unsigned y;
    unsigned z;
};

struct Word4 {
    uint32_t x;
    uint32_t y;
    uint32_t z;
    uint32_t w;
};

struct Word2 {
    uint32_t x;
    uint32_t y;
};

// of the launch that this host thread runs
#define OF_LAUNCH __thread __attribute__((tls_model("initial-exec")))
extern OF_LAUNCH Dim3 threadIdx;
extern OF_LAUNCH Dim3 blockIdx;
extern OF_LAUNCH Dim3 blockDim;
extern OF_LAUNCH Dim3 gridDim;

unsigned char* sharedMemory();
void __syncthreads();
void multiplyF16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1);
void multiplyBf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1);
void copyAsync16(void* shared, const void* global, int valid);
void commitCopies();
void awaitCopies(int pending);
uint64_t exchange(uint64_t value, int lane);    // exchanges with a lane of the same warp; all 32 lanes take part
int laneOfThread();
void checkAligned(const void* address, size_t alignment);

template <int PENDING>
void awaitCopies() {
    awaitCopies(PENDING);
}

inline Word4 load16(const void* global) {
    checkAligned(global, 16);
    Word4 v;
    std::memcpy(&v, global, sizeof v);
    return v;
}

inline Word4 loadStreaming(const void* global) {
    return load16(global);
}

inline Word2 load8(const void* global) {
    checkAligned(global, 8);
    Word2 v;
    std::memcpy(&v, global, sizeof v);
    return v;
}

template <class T>
T loadFresh(const T* global) {
    return *global;
}

inline Word4 loadFresh16(const void* global) {
    return load16(global);
}

inline void store16(void* global, const Word4& words) {
    checkAligned(global, 16);
    std::memcpy(global, &words, sizeof words);
}

template <class T>
T shuffle(T value, int lane) {
    static_assert(sizeof(T) <= sizeof(uint64_t));
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = exchange(bits, lane);
    T other;
    std::memcpy(&other, &bits, sizeof other);
    return other;
}

template <class T>
T shuffleXor(T value, int mask) {
    return shuffle(value, laneOfThread() ^ mask);
}

uint16_t roundToF16(float value);
uint16_t roundToBf16(float value);
float unpackF16(uint16_t half);

inline uint32_t packF16(float low, float high) {
    return roundToF16(low) | static_cast<uint32_t>(roundToF16(high)) << 16;
}

inline uint32_t packBf16(float low, float high) {
    return roundToBf16(low) | static_cast<uint32_t>(roundToBf16(high)) << 16;
}

uint32_t fmaF16x2(uint32_t a, uint32_t b, uint32_t c);
uint32_t permuteBytes(uint32_t low, uint32_t high, uint32_t selector);

inline float exp2Fast(float x) {
    return std::exp2(x);
}

inline uint64_t multiplyHigh(uint64_t a, uint64_t b) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b >> 64);
}

inline float bitsToFloat(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint32_t floatToBits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline uint64_t doubleToBits(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline double bitsToDouble(uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// additions to shared memory, which on a device wait for each other when lanes have the same address
extern int64_t wideAdditions;

inline void addAtomic(uint32_t* address, uint32_t value) {
    *address += value;
}

inline void addAtomic(uint64_t* address, uint64_t value) {
    __atomic_fetch_add(&wideAdditions, 1, __ATOMIC_RELAXED);
    *address += value;
}

inline uint32_t takeNumber(uint32_t* counter) {
    return (*counter)++;
}

inline uint32_t arrive(uint32_t* counter) {
    return (*counter)++;
}

// Signals between kernels of different devices

inline void storeRelease(uint32_t* signal, uint32_t value) {
    __atomic_store_n(signal, value, __ATOMIC_RELEASE);
}

inline uint32_t loadAcquire(const uint32_t* signal) {
    return __atomic_load_n(signal, __ATOMIC_ACQUIRE);
}

uint64_t nanoseconds();
void pauseThread();      // lets the other fibers of the block and other host threads run
[[noreturn]] void trap();
