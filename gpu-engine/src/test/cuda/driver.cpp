// A libcuda.so.1 that needs no device: it implements the driver's calls on host memory and runs kernels in the
// emulator. So the real JCuda library, JCudaDevice and programs that load the driver themselves run on a machine
// without a GPU.
//
// When enqueued work is done is chosen with stub_reset, or by FLOVER_STUB_TIMING in the environment:
//
//   0 eager    when it is enqueued, in the thread that enqueues it
//   1 delayed  when a caller waits for it, as on a stream that is far behind; the other streams then run, too, each in
//              its own thread, as their kernels may wait for each other
//   2 late     as delayed; and a copy of pageable memory on the NULL stream returns when its source has been staged,
//              but is done only when a caller waits for that stream, for which a non-blocking stream does not wait
//
// Where a real driver's behaviour would be undefined, this one notes a fault and the call fails. Checked are: addresses
// against allocations, guards behind allocations, shared memory against the kernel's limit, streams and memory against
// the current context, calls that are forbidden during a capture, and memory that is freed while a graph uses it.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

extern "C" int emulator_kernel(const char* name);
extern "C" const char* emulator_name(int kernel);
extern "C" int64_t emulator_argument_bytes(int kernel);
extern "C" const char* emulator_launch(int, int, int, int, int, int, const void*);

namespace {

using Address = unsigned long long;

enum Result : int {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    INVALID_IMAGE = 200,
    INVALID_CONTEXT = 201,
    INVALID_HANDLE = 400,
    NOT_FOUND = 500,
    LAUNCH_FAILED = 719,
    STREAM_CAPTURE_UNSUPPORTED = 900
};

enum Timing : int { EAGER = 0, DELAYED = 1, LATE = 2 };

constexpr int DEVICES = 2;
constexpr size_t GUARD_BYTES = 256;
constexpr int GUARD = 0xA5;
constexpr int MOST_SHARED = 227 * 1024;
constexpr int USUAL_SHARED = 48 * 1024;

struct Context {
    int device;
    bool reachesOther;
};

struct Allocation {
    size_t bytes;
    Context* context;
};

struct Function {
    int kernel;
    int mostShared;
};

struct Work {
    std::function<void()> run;
    uint64_t number;
};

struct Node {
    std::function<void()> run;
    std::vector<unsigned char> argument;
    int kernel;
};

struct Graph {
    std::vector<Node> nodes;
};

struct Stream {
    Context* context;
    std::deque<Work> work = {};
    uint64_t enqueued = 0;
    Graph* capture = nullptr;
    std::thread::id capturer = {};
    uint64_t awaited = 0;    // the greatest number of work that a caller has waited for
    uint64_t done = 0;
    bool ending = false;
    std::thread worker = {}; // runs the work, unless it runs when it is enqueued
};

struct Event {
    Stream* stream;
    uint64_t number;
    double milliseconds;
};

// these two are never destroyed, as threads of streams may still wait when the process ends
std::recursive_mutex& mutex = *new std::recursive_mutex;
std::condition_variable_any& changed = *new std::condition_variable_any;    // work was enqueued or done, or is awaited
Context contexts[DEVICES] = {{0, false}, {1, false}};
thread_local Context* current;
std::map<Address, Allocation> allocations;
std::map<Address, size_t> pinned;
std::vector<Stream*> streams;
std::vector<Graph*> executables;
std::deque<std::function<void()>> nullStream;
std::map<std::string, long> calls;
std::string faults;
std::string failingCall;
long failingAfter = -1;
int failure;
int lost;
int timing = EAGER;
bool peers = true;
int firstCapability = 9;
size_t memoryBytes = size_t{1} << 30;
size_t used;

int fault(const std::string& what, int result) {
    faults += what + "\n";
    return result;
}

/// Counts a call. Returns the error that the call must return if the device is lost, or is lost by this call.
int begin(const char* name) {
    calls[name]++;
    if (lost != 0) {
        return lost;
    }
    if (failingCall == name && failingAfter-- == 0) {
        lost = failure;
        return failure;
    }
    return current == nullptr ? fault(std::string(name) + " without a context", INVALID_CONTEXT) : SUCCESS;
}

#define CALL()                                        \
    std::lock_guard<std::recursive_mutex> locked(mutex); \
    if (int result = begin(__func__)) return result

/// Runs work without the lock, so that other threads may enqueue and run theirs.
void runUnlocked(const std::function<void()>& run) {
    mutex.unlock();
    run();
    mutex.lock();
}

/// Whether a caller waits for another stream.
bool anotherIsAwaited(const Stream* stream) {
    for (const Stream* other : streams) {
        if (other != stream && other->done < other->awaited) {
            return true;
        }
    }
    return false;
}

/// The loop of a stream's thread. It does what a caller waits for; and if a caller waits for another stream, all that
/// is enqueued.
void work(Stream* stream) {
    std::unique_lock<std::recursive_mutex> locked(mutex);
    for (;;) {
        changed.wait(locked, [=] {
            return stream->ending || (!stream->work.empty()
                    && (stream->work.front().number <= stream->awaited || anotherIsAwaited(stream)));
        });
        if (stream->ending) {
            return;
        }
        Work next = std::move(stream->work.front());
        stream->work.pop_front();
        runUnlocked(next.run);
        stream->done = next.number;
        changed.notify_all();
    }
}

/// Waits until a stream's work up to a number is done. The caller must have locked once.
void drain(Stream* stream, uint64_t through) {
    stream->awaited = std::max(stream->awaited, through);
    changed.notify_all();
    changed.wait(mutex, [=] { return stream->done >= through; });
}

void drainAll(Stream* stream) {
    drain(stream, stream->enqueued);
}

void drainNullStream() {
    while (!nullStream.empty()) {
        auto run = std::move(nullStream.front());
        nullStream.pop_front();
        run();
    }
}

void enqueue(Stream* stream, std::function<void()> run) {
    const uint64_t number = ++stream->enqueued;
    if (timing == EAGER) {
        runUnlocked(run);
        stream->done = number;
        return;
    }
    stream->work.push_back({std::move(run), number});
    changed.notify_all();
}

const std::pair<const Address, Allocation>* allocationOf(Address address, size_t bytes) {
    auto next = allocations.upper_bound(address);
    if (next == allocations.begin()) {
        return nullptr;
    }
    --next;
    return address + bytes <= next->first + next->second.bytes ? &*next : nullptr;
}

int checkMemory(const char* call, Address address, size_t bytes) {
    auto* allocation = allocationOf(address, bytes);
    if (allocation == nullptr) {
        return fault(std::string(call) + " of " + std::to_string(bytes) + " bytes outside all allocations",
                INVALID_VALUE);
    }
    return allocation->second.context == current
            ? SUCCESS : fault(std::string(call) + " of another context's memory", INVALID_VALUE);
}

int checkStream(const char* call, const Stream* stream) {
    return stream != nullptr && stream->context == current
            ? SUCCESS : fault(std::string(call) + " with a stream of another context", INVALID_HANDLE);
}

int notCapturing(const char* call) {
    for (const Stream* stream : streams) {
        if (stream->capture != nullptr && stream->capturer == std::this_thread::get_id()) {
            return fault(std::string(call) + " while capturing", STREAM_CAPTURE_UNSUPPORTED);
        }
    }
    return SUCCESS;
}

#define REQUIRE(check) \
    if (int result = (check)) return result

/// The name of a kernel of some graph that has an address within an allocation among its arguments, or null.
const char* graphKernelThatHolds(Address first, size_t bytes) {
    for (const Graph* graph : executables) {
        for (const Node& node : graph->nodes) {
            for (size_t at = 0; at + sizeof(Address) <= node.argument.size(); at += sizeof(Address)) {
                Address word;
                std::memcpy(&word, node.argument.data() + at, sizeof word);
                if (word >= first && word < first + bytes) {
                    return emulator_name(node.kernel);
                }
            }
        }
    }
    return nullptr;
}

bool guardIsWhole(Address address, size_t bytes) {
    const auto* guard = reinterpret_cast<const unsigned char*>(address + bytes);
    for (size_t i = 0; i < GUARD_BYTES; i++) {
        if (guard[i] != GUARD) {
            return false;
        }
    }
    return true;
}

double now() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}    // namespace

extern "C" {

// For tests

/// Forgets calls, faults and failures, and frees everything that was not freed after a failure.
void stub_reset(int newTiming, int64_t bytes) {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    nullStream.clear();
    for (const auto& allocation : allocations) {
        std::free(reinterpret_cast<void*>(allocation.first));
    }
    allocations.clear();
    used = 0;
    timing = newTiming;
    memoryBytes = static_cast<size_t>(bytes);
    calls.clear();
    faults.clear();
    failingCall.clear();
    failingAfter = -1;
    lost = 0;
    peers = true;
    firstCapability = 9;
    for (Context& context : contexts) {
        context.reachesOther = false;
    }
}

/// Chooses whether the devices reach each other's memory. They do after a reset.
void stub_peers(int reach) {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    peers = reach != 0;
}

/// Chooses the compute capability of device 0, a whole number. It is 9 after a reset.
void stub_capability(int capability) {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    firstCapability = capability;
}

/// Lets a function fail after `after` more calls of it, and every later call of any function too.
void stub_lose(const char* call, int64_t after, int result) {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    failingCall = call;
    failingAfter = after;
    failure = result;
}

int64_t stub_calls(const char* call) {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    return calls[call];
}

/// The number of allocations, streams and graphs that have not been freed.
int64_t stub_held() {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    return static_cast<int64_t>(allocations.size() + pinned.size() + streams.size() + executables.size());
}

/// The faults since the last reset, one line each.
const char* stub_faults() {
    return faults.c_str();
}

// Devices and contexts

int cuInit(unsigned) {
    if (const char* chosen = std::getenv("FLOVER_STUB_TIMING")) {
        timing = std::atoi(chosen);
    }
    return SUCCESS;
}

int cuGetErrorName(int result, const char** name) {
    *name = result == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "an error of the stub";
    return SUCCESS;
}

int cuDriverGetVersion(int* version) {
    *version = 13000;
    return SUCCESS;
}

int cuDeviceGetCount(int* count) {
    *count = DEVICES;
    return SUCCESS;
}

int cuDeviceGet(int* device, int ordinal) {
    *device = ordinal;
    return SUCCESS;
}

int cuDeviceGetName(char* name, int length, int) {
    std::snprintf(name, static_cast<size_t>(length), "stub device");
    return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t* bytes, int) {
    *bytes = memoryBytes;
    return SUCCESS;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
    switch (attribute) {
        case 16: *value = 3; return SUCCESS;               // multiprocessors
        case 75: *value = device == 0 ? firstCapability : 9; return SUCCESS;    // compute capability
        case 76: *value = 0; return SUCCESS;
        case 97: *value = MOST_SHARED; return SUCCESS;
        default: return fault("attribute " + std::to_string(attribute) + " is not emulated", INVALID_VALUE);
    }
}

int cuDeviceCanAccessPeer(int* can, int device, int peer) {
    *can = device != peer && peers ? 1 : 0;
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void** context, int device) {
    *context = &contexts[device];
    return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int) {
    return SUCCESS;
}

int cuCtxEnablePeerAccess(void* context, unsigned flags) {
    CALL();
    constexpr int ALREADY_ENABLED = 704;
    if (context == current || flags != 0 || !peers) {
        return fault("peer access that is impossible", INVALID_VALUE);
    }
    if (current->reachesOther) {
        return ALREADY_ENABLED;
    }
    current->reachesOther = true;
    return SUCCESS;
}

int cuCtxSetCurrent(void* context) {
    current = static_cast<Context*>(context);
    return SUCCESS;
}

// Modules

int cuModuleLoadData(void** module, const void* image) {
    CALL();
    constexpr uint32_t FATBIN = 0xBA55ED50;
    uint32_t magic;
    std::memcpy(&magic, image, sizeof magic);
    *module = current;
    return magic == FATBIN ? SUCCESS : fault("the image is not a fatbin", INVALID_IMAGE);
}

int cuModuleUnload(void*) {
    return SUCCESS;
}

int cuModuleGetFunction(void** function, void* module, const char* name) {
    CALL();
    if (module != current) {
        return fault("cuModuleGetFunction of another context's module", INVALID_HANDLE);
    }
    int kernel = emulator_kernel(name);
    *function = new Function{kernel, USUAL_SHARED};
    return kernel < 0 ? NOT_FOUND : SUCCESS;
}

int cuFuncSetAttribute(void* function, int attribute, int value) {
    CALL();
    constexpr int DYNAMIC_SHARED = 8;
    if (attribute != DYNAMIC_SHARED || value > MOST_SHARED) {
        return fault("attribute " + std::to_string(attribute) + " of a kernel: " + std::to_string(value),
                INVALID_VALUE);
    }
    static_cast<Function*>(function)->mostShared = value;
    return SUCCESS;
}

// Memory

int cuMemGetInfo_v2(size_t* free, size_t* total) {
    CALL();
    *total = memoryBytes;
    *free = memoryBytes - used;
    return SUCCESS;
}

int cuMemAlloc_v2(Address* address, size_t bytes) {
    CALL();
    REQUIRE(notCapturing(__func__));
    if (bytes == 0) {
        return INVALID_VALUE;
    }
    if (bytes > memoryBytes - used) {
        return OUT_OF_MEMORY;
    }
    void* memory = std::aligned_alloc(256, (bytes + GUARD_BYTES + 255) / 256 * 256);
    std::memset(memory, 0xFF, bytes);
    std::memset(static_cast<unsigned char*>(memory) + bytes, GUARD, GUARD_BYTES);
    *address = reinterpret_cast<Address>(memory);
    allocations[*address] = {bytes, current};
    used += bytes;
    return SUCCESS;
}

/// Waits for all work of the device first, as the real driver does.
int cuMemFree_v2(Address address) {
    CALL();
    REQUIRE(notCapturing(__func__));
    auto found = allocations.find(address);
    if (found == allocations.end()) {
        return fault("cuMemFree of an address that is not allocated", INVALID_VALUE);
    }
    drainNullStream();
    const auto all = streams;
    for (Stream* stream : all) {
        if (stream->context == current) {
            drainAll(stream);
        }
    }
    const size_t bytes = found->second.bytes;
    if (!guardIsWhole(address, bytes)) {
        fault("something was written behind an allocation of " + std::to_string(bytes) + " bytes", SUCCESS);
    }
    if (const char* kernel = graphKernelThatHolds(address, bytes)) {
        return fault(std::string("cuMemFree of memory that a graph's kernel ") + kernel + " was given", INVALID_VALUE);
    }
    used -= bytes;
    allocations.erase(found);
    std::free(reinterpret_cast<void*>(address));
    return lost;
}

int cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
    CALL();
    REQUIRE(notCapturing(__func__));
    *memory = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    std::memset(*memory, 0xEE, bytes);
    pinned[reinterpret_cast<Address>(*memory)] = bytes;
    return SUCCESS;
}

int cuMemFreeHost(void* memory) {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    if (pinned.erase(reinterpret_cast<Address>(memory)) == 0) {
        return fault("cuMemFreeHost of memory that is not pinned", INVALID_VALUE);
    }
    std::free(memory);
    return SUCCESS;
}

int cuMemHostGetDevicePointer_v2(Address* address, void* memory, unsigned) {
    *address = reinterpret_cast<Address>(memory);
    return SUCCESS;
}

/// A copy on the NULL stream, for which the backend's non-blocking stream does not wait.
int cuMemcpyHtoD_v2(Address to, const void* from, size_t bytes) {
    CALL();
    REQUIRE(notCapturing(__func__));
    REQUIRE(checkMemory(__func__, to, bytes));
    drainNullStream();
    const auto* first = static_cast<const unsigned char*>(from);
    std::vector<unsigned char> staged(first, first + bytes);
    nullStream.push_back([to, staged = std::move(staged)] {
        std::memcpy(reinterpret_cast<void*>(to), staged.data(), staged.size());
    });
    if (timing != LATE) {
        drainNullStream();
    }
    return SUCCESS;
}

int cuMemcpyDtoH_v2(void* to, Address from, size_t bytes) {
    CALL();
    REQUIRE(notCapturing(__func__));
    REQUIRE(checkMemory(__func__, from, bytes));
    drainNullStream();
    std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
    return SUCCESS;
}

/// Reads its source when the copy is done, whether the source is pinned or not, as a driver does without free staging
/// memory.
int cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, Stream* stream) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    REQUIRE(notCapturing(__func__));
    REQUIRE(checkMemory(__func__, to, bytes));
    enqueue(stream, [=] { std::memcpy(reinterpret_cast<void*>(to), from, bytes); });
    return lost;
}

int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, Stream* stream) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    REQUIRE(notCapturing(__func__));
    REQUIRE(checkMemory(__func__, to, bytes));
    REQUIRE(checkMemory(__func__, from, bytes));
    enqueue(stream, [=] {
        std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
    });
    return lost;
}

int cuMemsetD8Async(Address to, unsigned char value, size_t bytes, Stream* stream) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    REQUIRE(notCapturing(__func__));
    REQUIRE(checkMemory(__func__, to, bytes));
    enqueue(stream, [=] { std::memset(reinterpret_cast<void*>(to), value, bytes); });
    return lost;
}

// Streams, launches, graphs

int cuStreamCreate(Stream** stream, unsigned flags) {
    CALL();
    constexpr unsigned NON_BLOCKING = 1;
    if (flags != NON_BLOCKING) {
        return fault("a stream that waits for the NULL stream", INVALID_VALUE);
    }
    *stream = new Stream{current};
    streams.push_back(*stream);
    (*stream)->worker = std::thread(work, *stream);
    return SUCCESS;
}

int cuStreamDestroy_v2(Stream* stream) {
    {
        std::lock_guard<std::recursive_mutex> locked(mutex);
        streams.erase(std::find(streams.begin(), streams.end(), stream));
        stream->ending = true;
        changed.notify_all();
    }
    stream->worker.join();
    delete stream;
    return SUCCESS;
}

int cuStreamSynchronize(Stream* stream) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    REQUIRE(notCapturing(__func__));
    drainAll(stream);
    return lost;
}

int cuLaunchKernel(
        Function* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned threads, unsigned threadsY,
        unsigned threadsZ, unsigned shared, Stream* stream, void** arguments, void** extra) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    const int kernel = function->kernel;
    const std::string name = emulator_name(kernel);
    if (gridX == 0 || gridY == 0 || gridZ == 0 || gridY > 65535 || gridZ > 65535 || threads > 1024 || threadsY != 1
            || threadsZ != 1 || extra != nullptr) {
        return fault("a launch of " + name + " with an invalid configuration", INVALID_VALUE);
    }
    if (static_cast<int>(shared) > function->mostShared) {
        return fault(name + " requests " + std::to_string(shared) + " bytes of shared memory, its limit is "
                + std::to_string(function->mostShared), INVALID_VALUE);
    }
    const auto* argument = static_cast<const unsigned char*>(arguments[0]);
    std::vector<unsigned char> copy(argument, argument + emulator_argument_bytes(kernel));
    auto run = [=] {
        const char* wrong = emulator_launch(kernel, static_cast<int>(gridX), static_cast<int>(gridY),
                static_cast<int>(gridZ), static_cast<int>(threads), static_cast<int>(shared), copy.data());
        if (wrong != nullptr) {
            std::lock_guard<std::recursive_mutex> locked(mutex);
            lost = fault(name + ": " + wrong, LAUNCH_FAILED);
        }
    };
    if (stream->capture != nullptr) {
        stream->capture->nodes.push_back({run, copy, kernel});
        return SUCCESS;
    }
    enqueue(stream, run);
    return lost;
}

int cuStreamBeginCapture_v2(Stream* stream, int) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    REQUIRE(notCapturing(__func__));
    stream->capture = new Graph;
    stream->capturer = std::this_thread::get_id();
    return SUCCESS;
}

int cuStreamEndCapture(Stream* stream, Graph** graph) {
    CALL();
    *graph = stream->capture;
    stream->capture = nullptr;
    return SUCCESS;
}

int cuGraphInstantiateWithFlags(Graph** executable, const Graph* graph, unsigned long long) {
    CALL();
    *executable = new Graph(*graph);
    executables.push_back(*executable);
    return SUCCESS;
}

int cuGraphUpload(const Graph*, Stream* stream) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    return notCapturing(__func__);
}

int cuGraphDestroy(Graph* graph) {
    delete graph;
    return SUCCESS;
}

int cuGraphExecDestroy(Graph* graph) {
    std::lock_guard<std::recursive_mutex> locked(mutex);
    executables.erase(std::find(executables.begin(), executables.end(), graph));
    delete graph;
    return SUCCESS;
}

int cuGraphLaunch(const Graph* graph, Stream* stream) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    REQUIRE(notCapturing(__func__));
    for (const Node& node : graph->nodes) {
        enqueue(stream, node.run);
    }
    return lost;
}

// Events

int cuEventCreate(Event** event, unsigned) {
    CALL();
    *event = new Event{nullptr, 0, 0};
    return SUCCESS;
}

int cuEventDestroy_v2(Event* event) {
    delete event;
    return SUCCESS;
}

int cuEventRecord(Event* event, Stream* stream) {
    CALL();
    REQUIRE(checkStream(__func__, stream));
    REQUIRE(notCapturing(__func__));
    event->stream = stream;
    enqueue(stream, [event] { event->milliseconds = now(); });
    event->number = stream->enqueued;
    return lost;
}

int cuEventSynchronize(Event* event) {
    CALL();
    drain(event->stream, event->number);
    return lost;
}

int cuEventElapsedTime(float* milliseconds, const Event* earlier, const Event* later) {
    CALL();
    *milliseconds = static_cast<float>(later->milliseconds - earlier->milliseconds);
    return SUCCESS;
}

}    // extern "C"
