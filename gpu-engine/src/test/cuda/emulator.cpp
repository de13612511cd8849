#include "emulator.hpp"

#include <algorithm>
#include <chrono>
#include <csetjmp>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <sched.h>
#include <string>
#include <thread>
#include <ucontext.h>
#include <utility>
#include <vector>

OF_LAUNCH Dim3 threadIdx;
OF_LAUNCH Dim3 blockIdx;
OF_LAUNCH Dim3 blockDim;
OF_LAUNCH Dim3 gridDim;
int64_t wideAdditions;

namespace {

constexpr int LANES = 32;
constexpr size_t STACK_BYTES = 128 * 1024;
constexpr size_t MOST_THREADS = 1024;
constexpr size_t MOST_SHARED = 227 * 1024;

struct Copy {
    void* to;
    const void* from;
    int valid;
};

struct Fiber {
    std::jmp_buf context;
    unsigned char* stack;
    bool started;
    bool finished;
    Dim3 thread;
    uint64_t barriers;                          // barriers that it has passed
    uint64_t collectives;
    std::vector<std::vector<Copy>> groups;      // committed groups of copies that are not done yet
    std::vector<Copy> open;
};

/// Values that the lanes of a warp exchange. Two rounds are kept, as a fast lane may be one round ahead.
struct Warp {
    uint64_t values[2][LANES];
    float a[2][LANES][8];
    float b[2][LANES][4];
    int arrived[2];
    uint64_t round;
};

/// The state of one launch. A thread takes an idle machine for a launch, and gives it back with its fibers, whose
/// stacks are expensive to make.
struct Machine {
    std::vector<Fiber> fibers;
    std::vector<Warp> warps;
    unsigned char* shared = static_cast<unsigned char*>(std::aligned_alloc(64, MOST_SHARED + 1024));
    size_t sharedBytes;
    size_t threads;
    size_t current;
    size_t barrierArrived;
    uint64_t barrierRound;
    uint64_t progress;
    std::jmp_buf scheduler;
    ucontext_t startContext;
    std::string fault;
    void (*entry)(const void*);
    const void* arguments;
    std::thread::id user;    // the thread that used it last

    /// Lets every fiber begin anew: after a fault, as some are in the middle of a thread; and on another host thread,
    /// as a fiber's code may keep addresses of the host thread's own variables.
    void restartFibers() {
        for (Fiber& fiber : fibers) {
            fiber.started = false;
        }
    }
};

/// The machine of the launch that this thread runs.
OF_LAUNCH Machine* machine;
/// The fault of the last launch of this thread.
thread_local std::string lastFault;

std::mutex idleMutex;
std::vector<std::unique_ptr<Machine>> idleMachines;

/// Takes an idle machine, if possible the one that this thread used last.
std::unique_ptr<Machine> takeMachine() {
    std::lock_guard<std::mutex> locked(idleMutex);
    if (idleMachines.empty()) {
        auto made = std::make_unique<Machine>();
        made->user = std::this_thread::get_id();
        return made;
    }
    auto best = std::find_if(idleMachines.begin(), idleMachines.end(),
            [](const auto& idle) { return idle->user == std::this_thread::get_id(); });
    best = best == idleMachines.end() ? idleMachines.begin() : best;
    auto taken = std::move(*best);
    idleMachines.erase(best);
    if (taken->user != std::this_thread::get_id()) {
        taken->user = std::this_thread::get_id();
        taken->restartFibers();
    }
    return taken;
}

void giveBack(std::unique_ptr<Machine> used) {
    std::lock_guard<std::mutex> locked(idleMutex);
    idleMachines.push_back(std::move(used));
}

[[noreturn]] void leave() {
    _longjmp(machine->scheduler, 2);
}

[[noreturn]] void fail(const std::string& what) {
    machine->fault = what + " (block " + std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y) + ", "
            + std::to_string(blockIdx.z) + ", thread " + std::to_string(threadIdx.x) + ")";
    leave();
}

void yield() {
    if (_setjmp(machine->fibers[machine->current].context) == 0) {
        _longjmp(machine->scheduler, 1);
    }
}

bool awaitsCopies(const Fiber& fiber) {
    bool pending = !fiber.open.empty();
    for (const auto& group : fiber.groups) {
        pending = pending || !group.empty();
    }
    return pending;
}

/// The main loop of a fiber, which runs one thread of one block after another, as making a context costs system calls.
void runFiber() {
    for (;;) {
        machine->entry(machine->arguments);
        Fiber& fiber = machine->fibers[machine->current];
        fiber.finished = true;
        machine->progress++;
        if (awaitsCopies(fiber)) {
            fail("a thread ended with copies that it never awaited");
        }
        yield();
    }
}

void resume(size_t index) {
    machine->current = index;
    Fiber& fiber = machine->fibers[index];
    threadIdx = fiber.thread;
    if (fiber.started) {
        _longjmp(fiber.context, 1);
    }
    fiber.started = true;
    getcontext(&machine->startContext);
    machine->startContext.uc_stack.ss_sp = fiber.stack;
    machine->startContext.uc_stack.ss_size = STACK_BYTES;
    machine->startContext.uc_link = nullptr;
    makecontext(&machine->startContext, runFiber, 0);
    setcontext(&machine->startContext);
    std::abort();
}

void prepareFibers() {
    while (machine->fibers.size() < machine->threads) {
        machine->fibers.emplace_back();
        machine->fibers.back().stack = static_cast<unsigned char*>(std::malloc(STACK_BYTES));
        machine->fibers.back().started = false;
    }
    machine->warps.assign((machine->threads + LANES - 1) / LANES, Warp{});
    for (size_t i = 0; i < machine->threads; i++) {
        Fiber& fiber = machine->fibers[i];
        fiber.finished = false;
        fiber.thread = {static_cast<unsigned>(i), 0, 0};
        fiber.barriers = 0;
        fiber.collectives = 0;
        fiber.groups.clear();
        fiber.open.clear();
    }
    machine->barrierArrived = 0;
    machine->barrierRound = 0;
}

/// Runs one block to its end; returns false on a fault.
bool runBlock() {
    prepareFibers();
    std::memset(machine->shared, 0xFF, machine->sharedBytes);
    std::memset(machine->shared + machine->sharedBytes, 0xA5, 64);
    volatile size_t next = 0;
    volatile size_t finished = 0;
    volatile uint64_t before = 0;
    machine->progress = 1;
    int reason = _setjmp(machine->scheduler);
    if (reason == 2) {
        return false;
    }
    if (reason == 1) {
        finished = finished + (machine->fibers[machine->current].finished ? 1 : 0);
        next = machine->current + 1;
    }
    while (finished < machine->threads) {
        if (next == machine->threads) {
            next = 0;
            if (machine->progress == before) {
                machine->fault = "some threads wait at a barrier or collective that others never reach";
                return false;
            }
            before = machine->progress;
        }
        if (!machine->fibers[next].finished) {
            resume(next);
        }
        next = next + 1;
    }
    for (int i = 0; i < 64; i++) {
        if (machine->shared[machine->sharedBytes + i] != 0xA5) {
            machine->fault = "shared memory was written beyond the " + std::to_string(machine->sharedBytes)
                    + " bytes asked for";
            return false;
        }
    }
    return true;
}

Warp& warpOfThread() {
    return machine->warps[machine->current / LANES];
}

/// Waits until all lanes have written their values for this round; returns which of the two rounds it is.
int meet() {
    Fiber& fiber = machine->fibers[machine->current];
    Warp& warp = warpOfThread();
    uint64_t round = fiber.collectives++;
    int side = static_cast<int>(round % 2);
    machine->progress++;
    if (++warp.arrived[side] == LANES) {
        warp.arrived[side] = 0;
        warp.round = round + 1;
        return side;
    }
    while (warp.round <= round) {
        yield();
    }
    return side;
}

int nextSide() {
    return static_cast<int>(machine->fibers[machine->current].collectives % 2);
}

template <class Unpack>
void multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1, Unpack unpack) {
    Warp& warp = warpOfThread();
    int lane = laneOfThread();
    int side = nextSide();
    for (int i = 0; i < 4; i++) {
        warp.a[side][lane][2 * i] = unpack(static_cast<uint16_t>(a[i]));
        warp.a[side][lane][2 * i + 1] = unpack(static_cast<uint16_t>(a[i] >> 16));
    }
    warp.b[side][lane][0] = unpack(static_cast<uint16_t>(b0));
    warp.b[side][lane][1] = unpack(static_cast<uint16_t>(b0 >> 16));
    warp.b[side][lane][2] = unpack(static_cast<uint16_t>(b1));
    warp.b[side][lane][3] = unpack(static_cast<uint16_t>(b1 >> 16));
    meet();
    int group = lane / 4;
    int column = lane % 4 * 2;
    for (int k = 0; k < 16; k++) {
        // A: registers 0 and 1 hold columns 2t and 2t + 1 of rows g and g + 8; registers 2 and 3 hold the columns 8
        // further on.
        // B: register 0 holds rows 2t and 2t + 1 of column g; register 1 holds the rows 8 further on.
        int owner = k % 8 / 2;
        int pair = k / 8 * 4 + k % 2;
        float low = warp.a[side][group * 4 + owner][pair];
        float high = warp.a[side][group * 4 + owner][pair + 2];
        float first = warp.b[side][column * 4 + owner][k / 8 * 2 + k % 2];
        float second = warp.b[side][(column + 1) * 4 + owner][k / 8 * 2 + k % 2];
        d[0] += low * first;
        d[1] += low * second;
        d[2] += high * first;
        d[3] += high * second;
    }
}

}    // namespace

unsigned char* sharedMemory() {
    return machine->shared;
}

void __syncthreads() {
    uint64_t round = machine->fibers[machine->current].barriers++;
    machine->progress++;
    if (++machine->barrierArrived == machine->threads) {
        machine->barrierArrived = 0;
        machine->barrierRound = round + 1;
        return;
    }
    while (machine->barrierRound <= round) {
        yield();
    }
}

int laneOfThread() {
    return static_cast<int>(machine->current % LANES);
}

uint64_t exchange(uint64_t value, int lane) {
    if (lane < 0 || lane >= LANES) {
        fail("a shuffle from lane " + std::to_string(lane));
    }
    warpOfThread().values[nextSide()][laneOfThread()] = value;
    int side = meet();
    return warpOfThread().values[side][lane];
}

void multiplyF16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    multiply(d, a, b0, b1, [](uint16_t bits) { return unpackF16(bits); });
}

void multiplyBf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    multiply(d, a, b0, b1, [](uint16_t bits) { return bitsToFloat(static_cast<uint32_t>(bits) << 16); });
}

void checkAligned(const void* address, size_t alignment) {
    if (reinterpret_cast<uintptr_t>(address) % alignment != 0) {
        fail("an access of " + std::to_string(alignment) + " bytes that is not aligned");
    }
}

void copyAsync16(void* to, const void* from, int valid) {
    checkAligned(to, 16);
    checkAligned(from, 16);
    machine->fibers[machine->current].open.push_back({to, from, valid});
}

void commitCopies() {
    Fiber& fiber = machine->fibers[machine->current];
    fiber.groups.push_back(std::move(fiber.open));
    fiber.open.clear();
}

void awaitCopies(int pending) {
    Fiber& fiber = machine->fibers[machine->current];
    while (fiber.groups.size() > static_cast<size_t>(pending)) {
        for (const Copy& copy : fiber.groups.front()) {
            std::memcpy(copy.to, copy.from, static_cast<size_t>(copy.valid));
            std::memset(static_cast<unsigned char*>(copy.to) + copy.valid, 0, static_cast<size_t>(16 - copy.valid));
        }
        fiber.groups.erase(fiber.groups.begin());
    }
}

uint64_t nanoseconds() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::steady_clock::now().time_since_epoch()).count());
}

void pauseThread() {
    machine->progress++;
    sched_yield();
    yield();
}

void trap() {
    fail("a kernel ended itself (trap)");
}

uint16_t roundToF16(float value) {
    uint32_t bits = floatToBits(value);
    auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000U);
    bits &= 0x7FFFFFFFU;
    if (bits > 0x7F800000U) {
        return 0x7FFF;
    }
    if (bits >= 0x477FF000U) {    // rounds to 65536 or more
        return sign | 0x7C00;
    }
    if (bits < 0x38800000U) {     // below the smallest normal f16: float addition rounds
        float rounded = bitsToFloat(bits) + 0.5F;
        return sign | static_cast<uint16_t>(floatToBits(rounded) - 0x3F000000U);
    }
    uint32_t odd = bits >> 13 & 1U;
    return sign | static_cast<uint16_t>((bits + 0xFFFU + odd - 0x38000000U) >> 13);
}

uint16_t roundToBf16(float value) {
    uint32_t bits = floatToBits(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) {
        return 0x7FFF;
    }
    return static_cast<uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

float unpackF16(uint16_t half) {
    uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
    uint32_t exponent = half >> 10 & 0x1FU;
    uint32_t fraction = half & 0x3FFU;
    if (exponent == 0) {
        float value = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -value : value;
    }
    if (exponent == 31) {
        return bitsToFloat(sign | 0x7F800000U | fraction << 13);
    }
    return bitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
}

uint32_t fmaF16x2(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t result = 0;
    for (int half = 0; half < 2; half++) {
        double x = unpackF16(static_cast<uint16_t>(a >> 16 * half));
        double y = unpackF16(static_cast<uint16_t>(b >> 16 * half));
        double z = unpackF16(static_cast<uint16_t>(c >> 16 * half));
        result |= static_cast<uint32_t>(roundToF16(static_cast<float>(x * y + z))) << 16 * half;
    }
    return result;
}

uint32_t permuteBytes(uint32_t low, uint32_t high, uint32_t selector) {
    uint64_t bytes = low | static_cast<uint64_t>(high) << 32;
    uint32_t result = 0;
    for (int i = 0; i < 4; i++) {
        result |= static_cast<uint32_t>(bytes >> 8 * (selector >> 4 * i & 7U) & 0xFFU) << 8 * i;
    }
    return result;
}

#include "kernels.inc"

namespace {

template <class T>
constexpr size_t alignedTo(size_t offset) {
    return (offset + alignof(T) - 1) / alignof(T) * alignof(T);
}

/// Calls a kernel with its one argument, a struct, from a parameter buffer.
template <class T, void (*KERNEL)(T)>
void call(const void* buffer) {
    T argument;
    std::memcpy(&argument, buffer, sizeof argument);
    KERNEL(argument);
}

template <class T>
struct Argument;

template <class T>
struct Argument<void (*)(T)> {
    using Type = T;
};

struct Kernel {
    const char* name;
    void (*entry)(const void*);
    size_t argumentBytes;
};

#define KERNEL(name) {#name, call<Argument<decltype(&name)>::Type, name>, sizeof(Argument<decltype(&name)>::Type)},
const Kernel KERNELS[] = {
#include "entries.inc"
};
#undef KERNEL

}    // namespace

extern "C" int emulator_kernel(const char* name) {
    for (size_t i = 0; i < sizeof KERNELS / sizeof KERNELS[0]; i++) {
        if (std::strcmp(KERNELS[i].name, name) == 0) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

extern "C" int emulator_kernels() {
    return static_cast<int>(sizeof KERNELS / sizeof KERNELS[0]);
}

extern "C" const char* emulator_name(int kernel) {
    return KERNELS[kernel].name;
}

extern "C" int64_t emulator_argument_bytes(int kernel) {
    return static_cast<int64_t>(KERNELS[kernel].argumentBytes);
}

/// The number of 64-bit additions to shared memory since the last call.
extern "C" int64_t emulator_wide_additions() {
    return __atomic_exchange_n(&wideAdditions, 0, __ATOMIC_RELAXED);
}

/// Runs a kernel to its end. Returns null, or a description of the fault, which is valid until this thread's next
/// launch.
extern "C" const char* emulator_launch(
        int kernel, int gridX, int gridY, int gridZ, int blockThreads, int blockSharedBytes, const void* argument) {
    if (blockThreads < 1 || static_cast<size_t>(blockThreads) > MOST_THREADS
            || static_cast<size_t>(blockSharedBytes) > MOST_SHARED) {
        lastFault = "a block of " + std::to_string(blockThreads) + " threads and " + std::to_string(blockSharedBytes)
                + " bytes of shared memory cannot be launched";
        return lastFault.c_str();
    }
    auto taken = takeMachine();
    machine = taken.get();
    machine->threads = static_cast<size_t>(blockThreads);
    machine->sharedBytes = static_cast<size_t>(blockSharedBytes);
    machine->entry = KERNELS[kernel].entry;
    machine->arguments = argument;
    gridDim = {static_cast<unsigned>(gridX), static_cast<unsigned>(gridY), static_cast<unsigned>(gridZ)};
    blockDim = {static_cast<unsigned>(blockThreads), 1, 1};
    bool whole = true;
    for (int z = 0; z < gridZ; z++) {
        for (int y = 0; y < gridY; y++) {
            for (int x = 0; x < gridX && whole; x++) {
                blockIdx = {static_cast<unsigned>(x), static_cast<unsigned>(y), static_cast<unsigned>(z)};
                whole = runBlock();
            }
        }
    }
    if (!whole) {
        lastFault = machine->fault;
        machine->restartFibers();
    }
    giveBack(std::move(taken));
    return whole ? nullptr : lastFault.c_str();
}
