// Checks the CUDA kernels on a device, without Java: loads flover.fatbin through libcuda.so.1, checks products,
// attention, draws, graph capture and uploads, then measures their times. Small enough to run under compute-sanitizer.
//
// usage: smoke FATBIN [small]     small: the checks alone, in sizes for an emulator or a sanitizer
// build: g++ -std=c++17 -O2 -I gpu-engine/src/main/cuda/include -I gpu-engine/src/test/cuda -o smoke bundle/smoke.cpp
//            -ldl -static-libstdc++ -static-libgcc
//
// Prints a line for each check, "ok" or "FAILED", and ends with status 0 if none failed.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <random>
#include <string>
#include <vector>

#include "attention.cuh"
#include "project.cuh"
#include "sample.cuh"

namespace {

using Address = unsigned long long;
using std::string;
using std::vector;

// Arguments of kernels whose structs are declared in .cu files.
struct Randomising {
    uint32_t* to;
    uint64_t words;
    uint64_t seed;
    int form;
    uint32_t constant;
    float deviation;
};
struct Reading {
    const unsigned char* from;
    uint64_t bytes;
    uint32_t* sink;
};
struct Multiplying {
    float* sink;
    int rounds;
};
struct Conversion {
    Tensor tensor;
    const int* plan;
    int counter;
    int columns;
};

constexpr int PLAN_HEADER = 21;
constexpr int RANDOM_BF16 = 2;    // as in WeightGenerator.java
constexpr int MULTIPROCESSOR_COUNT = 16;
constexpr int DYNAMIC_SHARED_BYTES = 8;

void* library;
void* module;
void* stream;
int multiprocessors = 1;
bool small;
int failures;
std::mt19937 generator(7);

[[noreturn]] void stop(const string& why) {
    std::printf("FAILED %s\n", why.c_str());
    std::exit(2);
}

/// Calls a function of the driver; ends the program if the call fails.
template <class... Arguments>
void call(const char* name, Arguments... arguments) {
    auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(library, name));
    if (function == nullptr) {
        stop(string("libcuda.so.1 has no ") + name);
    }
    int result = function(arguments...);
    if (result != 0) {
        const char* text = "unknown";
        if (auto explain = reinterpret_cast<int (*)(int, const char**)>(dlsym(library, "cuGetErrorName"))) {
            explain(result, &text);
        }
        stop(string(name) + ": " + std::to_string(result) + " " + text);
    }
}

Address allocate(size_t bytes) {
    Address address = 0;
    call("cuMemAlloc_v2", &address, std::max<size_t>(16, bytes));
    return address;
}

void release(std::initializer_list<Address> addresses) {
    for (Address address : addresses) {
        call("cuMemFree_v2", address);
    }
}

void synchronise() {
    call("cuStreamSynchronize", stream);
}

void upload(Address to, const void* from, size_t bytes) {
    call("cuMemcpyHtoDAsync_v2", to, from, bytes, stream);
    synchronise();
}

void download(void* to, Address from, size_t bytes) {
    synchronise();
    call("cuMemcpyDtoH_v2", to, from, bytes);
}

void fill(Address to, unsigned char value, size_t bytes) {
    call("cuMemsetD8Async", to, value, bytes, stream);
}

template <class T>
Address put(const vector<T>& values) {
    Address address = allocate(values.size() * sizeof(T));
    upload(address, values.data(), values.size() * sizeof(T));
    return address;
}

void* kernel(const string& name, int sharedBytes) {
    void* function = nullptr;
    call("cuModuleGetFunction", &function, module, name.c_str());
    if (sharedBytes > 48 * 1024) {
        call("cuFuncSetAttribute", function, DYNAMIC_SHARED_BYTES, sharedBytes);
    }
    return function;
}

template <class Argument>
void launch(void* function, int gridX, int gridY, int threads, int sharedBytes, Argument& argument) {
    void* parameters[] = {&argument};
    call("cuLaunchKernel", function, unsigned(gridX), unsigned(gridY), 1U, unsigned(threads), 1U, 1U,
            unsigned(sharedBytes), stream, static_cast<void**>(parameters), static_cast<void**>(nullptr));
}

/// The median time of several runs, in microseconds.
template <class Run>
double time(int runs, Run run) {
    void* before = nullptr;
    void* after = nullptr;
    call("cuEventCreate", &before, 0U);
    call("cuEventCreate", &after, 0U);
    vector<double> times;
    for (int i = 0; i < runs; i++) {
        call("cuEventRecord", before, stream);
        run(i);
        call("cuEventRecord", after, stream);
        call("cuEventSynchronize", after);
        float milliseconds = 0;
        call("cuEventElapsedTime", &milliseconds, before, after);
        times.push_back(1e3 * milliseconds);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

void say(bool passed, const string& what) {
    std::printf("%s %s\n", passed ? "ok    " : "FAILED", what.c_str());
    std::fflush(stdout);
    failures += passed ? 0 : 1;
}

uint16_t toBf16(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float ofBf16(uint16_t half) {
    uint32_t bits = static_cast<uint32_t>(half) << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}

vector<float> normal(size_t count, float deviation) {
    std::normal_distribution<float> distribution(0, deviation);
    vector<float> values(count);
    for (float& value : values) {
        value = distribution(generator);
    }
    return values;
}

double relativeError(const vector<float>& found, const vector<double>& expected) {
    double difference = 0;
    double length = 0;
    for (size_t i = 0; i < found.size(); i++) {
        difference += (found[i] - expected[i]) * (found[i] - expected[i]);
        length += expected[i] * expected[i];
    }
    return std::sqrt(difference / length);
}

/// The words of a plan: a header, then arrays.
struct PlanWords {
    vector<int> words = vector<int>(PLAN_HEADER);

    void array(int which, const vector<int>& values) {
        words[PLAN_ARRAYS + which] = static_cast<int>(words.size());
        words.insert(words.end(), values.begin(), values.end());
    }
};

Address planOfRows(int rows) {
    PlanWords plan;
    plan.words[PLAN_ROWS] = rows;
    return put(plan.words);
}

vector<int> upTo(int count, int step = 1) {
    vector<int> values(count);
    for (int i = 0; i < count; i++) {
        values[i] = i * step;
    }
    return values;
}

// Products

template <int ROWS>
int bytesOfTile() {
    constexpr int SUMS = PART_WARPS<ROWS> * ROWS * SUM_STRIDE<ROWS> * 4;
    constexpr int TREE = SHARED_LEVELS * LEVEL_BYTES<ROWS>;
    return RING_BYTES<ROWS> + 4 * (ROWS + 4) + (PART_WARPS<ROWS> == 1 ? std::max(TREE, SUMS) : TREE + SUMS);
}

struct Tile {
    int rows;
    int outputs;
    int partWarps;
    int sharedBytes;
    int resident;
};

const Tile TILES[] = {
    {8, BLOCK_OUTPUTS<8>, PART_WARPS<8>, bytesOfTile<8>(), 3},
    {16, BLOCK_OUTPUTS<16>, PART_WARPS<16>, bytesOfTile<16>(), 2},
    {32, BLOCK_OUTPUTS<32>, PART_WARPS<32>, bytesOfTile<32>(), 2},
    {64, BLOCK_OUTPUTS<64>, PART_WARPS<64>, bytesOfTile<64>(), 1}
};

const Tile& tileFor(int rows) {
    for (const Tile& tile : TILES) {
        if (rows <= tile.rows) {
            return tile;
        }
    }
    return TILES[3];
}

Weight shapeOf(int outputs, int inputs, int shards) {
    Weight weight{};
    weight.storage = STORE_BF16;
    weight.outputs = outputs;
    weight.inputs = inputs;
    weight.shards = shards;
    weight.shardInputs = inputs / shards;
    weight.shardChunks = (weight.shardInputs + CHUNK - 1) / CHUNK;
    return weight;
}

size_t bytesOf(const Weight& weight) {
    return static_cast<size_t>((weight.outputs + 31) / 32) * 32 * weight.shards * weight.shardChunks * CHUNK * 2;
}

/// Packs a matrix in the layout of weight.cuh.
vector<uint16_t> packed(const Weight& weight, const vector<float>& values) {
    vector<uint16_t> halves(bytesOf(weight) / 2);
    for (int output = 0; output < weight.outputs; output++) {
        for (int input = 0; input < weight.inputs; input++) {
            int column = input / weight.shardInputs * weight.shardChunks * CHUNK + input % weight.shardInputs;
            int lane = output % 8 * 4 + column % 32 / 8;
            int slot = (column % 4 / 2 * 2 + output % 16 / 8) * 2 + column % 2;
            size_t chunk = static_cast<size_t>(output / 16) * weight.shards * weight.shardChunks + column / CHUNK;
            size_t half = (chunk * 2 + column % CHUNK / 32) * 2 + column % 8 / 4;
            float value = values[static_cast<size_t>(output) * weight.inputs + input];
            halves[(half * WARP + lane) * 8 + slot] = toBf16(value);
        }
    }
    return halves;
}

struct ProductMemory {
    Address scratch = allocate(size_t{64} << 20);
    Address counters = allocate(1 << 20);

    ProductMemory() {
        fill(counters, 0, 1 << 20);
    }
    ~ProductMemory() {
        release({scratch, counters});
    }
};

Projection product(const Weight& weight, Address in, Address out, Address plan, const ProductMemory& memory,
        const Tile& tile, int rows, int blockParts) {
    Projection p{};
    p.weight = weight;
    p.in = reinterpret_cast<const uint16_t*>(in);
    p.out.values = reinterpret_cast<float*>(out);
    p.scratch = reinterpret_cast<float*>(memory.scratch);
    p.counters = reinterpret_cast<uint32_t*>(memory.counters);
    p.plan = reinterpret_cast<const int*>(plan);
    p.blockParts = blockParts;
    p.scratchRows = (rows + tile.rows - 1) / tile.rows * tile.rows;
    p.activation = NO_ACTIVATION;
    return p;
}

void multiply(const Projection& p, const Tile& tile, int rows, int resident) {
    int items = (rows + tile.rows - 1) / tile.rows * ((p.weight.outputs + tile.outputs - 1) / tile.outputs)
            * (QUARTERS * p.weight.shards / p.blockParts);
    Projection argument = p;
    launch(kernel("project_bf16_" + std::to_string(tile.rows), tile.sharedBytes), std::min(items, resident), 1,
            PROJECT_THREADS, tile.sharedBytes, argument);
}

/// Computes products with all tiles, with and without blocks that share a tile, by many blocks and by two blocks that
/// process all tiles: all must give the same bits.
void checkProducts() {
    const int outputs = 160;
    const int inputs = 1024;
    const int rows = small ? 70 : 250;
    const int repeats = small ? 1 : 20;
    auto in = normal(static_cast<size_t>(rows) * inputs, 1);
    vector<uint16_t> halves(in.size());
    std::transform(in.begin(), in.end(), halves.begin(), toBf16);
    for (int shards : {1, 8}) {
        Weight weight = shapeOf(outputs, inputs, shards);
        auto values = normal(static_cast<size_t>(outputs) * inputs, 1.0F / 32);
        vector<double> expected(static_cast<size_t>(rows) * outputs);
        for (int row = 0; row < rows; row++) {
            for (int output = 0; output < outputs; output++) {
                double sum = 0;
                for (int i = 0; i < inputs; i++) {
                    sum += double(ofBf16(halves[static_cast<size_t>(row) * inputs + i]))
                            * ofBf16(toBf16(values[static_cast<size_t>(output) * inputs + i]));
                }
                expected[static_cast<size_t>(row) * outputs + output] = sum;
            }
        }
        Address weights = put(packed(weight, values));
        Address from = put(halves);
        Address to = allocate(expected.size() * 4);
        Address plan = planOfRows(rows);
        ProductMemory memory;
        weight.values = reinterpret_cast<const unsigned char*>(weights);
        vector<float> first;
        for (const Tile& tile : TILES) {
            for (int blockParts : {tile.partWarps, QUARTERS * shards}) {
                bool same = true;
                vector<float> found(expected.size());
                for (int repeat = 0; repeat < repeats; repeat++) {
                    fill(to, 0xFF, found.size() * 4);
                    auto p = product(weight, from, to, plan, memory, tile, rows, blockParts);
                    multiply(p, tile, rows, repeat % 2 == 0 ? 2 : 1024);
                    download(found.data(), to, found.size() * 4);
                    first = first.empty() ? found : first;
                    same = same && std::memcmp(first.data(), found.data(), found.size() * 4) == 0;
                }
                double error = relativeError(found, expected);
                say(error < 1e-5 && same, "product of " + std::to_string(shards) + " shards, tiles of "
                        + std::to_string(tile.rows) + " rows, " + std::to_string(blockParts) + " parts a block: error "
                        + std::to_string(error) + (same ? ", the same bits" : ", DIFFERENT BITS"));
            }
        }
        release({weights, from, to, plan});
    }
}

// Attention: each row is a sequence, all of equal length; block tables are in reverse order

struct Sequences {
    int rows;
    int context;
    int heads;
    int kvHeads;
    static constexpr int WIDTH = 128;
    static constexpr int BLOCK_TOKENS = 16;

    int blocks() const {
        return (context + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    }
    size_t blockElements() const {
        return static_cast<size_t>(kvHeads) * 2 * BLOCK_TOKENS * WIDTH;
    }
    int queryColumns() const {
        return (heads + 2 * kvHeads) * WIDTH;
    }
    int splits() const {
        return (context - 1) / SPLIT + 1;
    }
    Address plan(bool apart) const {
        PlanWords plan;
        plan.words[PLAN_ROWS] = rows;
        plan.words[PLAN_TILES] = rows;
        plan.words[PLAN_ITEMS] = apart ? rows * splits() : rows;
        plan.array(POSITIONS, vector<int>(rows, context - 1));
        plan.array(HOMES, upTo(rows));
        plan.array(TILE_FIRST_ROWS, upTo(rows));
        plan.array(TILE_ROWS, vector<int>(rows, 1));
        plan.array(TILE_ITEMS, upTo(rows + 1, apart ? splits() : 1));
        plan.array(TILE_SCRATCH, apart ? upTo(rows, splits()) : vector<int>(rows, -1));
        return put(plan.words);
    }
    Attention argument(Address out, Address queries, Address cache, Address tables, Address scratch, Address counters,
            Address plan) const {
        Attention a{};
        a.out.values = reinterpret_cast<float*>(out);
        a.queryKeyValue = reinterpret_cast<const float*>(queries);
        a.cache = {reinterpret_cast<unsigned char*>(cache), reinterpret_cast<const int*>(tables), blocks(), 1, kvHeads,
            WIDTH, WIDTH, BLOCK_TOKENS, 4, 0};
        a.scratch = reinterpret_cast<float*>(scratch);
        a.counters = reinterpret_cast<uint32_t*>(counters);
        a.plan = reinterpret_cast<const int*>(plan);
        a.heads = heads;
        a.scale = 0.0884F;
        return a;
    }
};

vector<double> attended(const Sequences& s, const vector<float>& queries, const vector<uint16_t>& cache,
        const vector<int>& tables) {
    constexpr int WIDTH = Sequences::WIDTH;
    constexpr int TOKENS = Sequences::BLOCK_TOKENS;
    vector<double> out(static_cast<size_t>(s.rows) * s.heads * WIDTH);
    for (int row = 0; row < s.rows; row++) {
        for (int head = 0; head < s.heads; head++) {
            auto blockAt = [&](int position) {
                return &cache[s.blockElements() * tables[static_cast<size_t>(row) * s.blocks() + position / TOKENS]
                        + static_cast<size_t>(head / (s.heads / s.kvHeads)) * 2 * TOKENS * WIDTH];
            };
            const float* query = &queries[static_cast<size_t>(row) * s.queryColumns() + head * WIDTH];
            vector<double> weights(s.context);
            for (int position = 0; position < s.context; position++) {
                const uint16_t* key = blockAt(position) + position % TOKENS * WIDTH;
                for (int dim = 0; dim < WIDTH; dim++) {
                    weights[position] += double(ofBf16(toBf16(query[dim]))) * ofBf16(key[dim]);
                }
                weights[position] *= 0.0884;
            }
            double greatest = *std::max_element(weights.begin(), weights.end());
            double sum = 0;
            for (double& weight : weights) {
                weight = std::exp(weight - greatest);
                sum += weight;
            }
            for (int dim = 0; dim < WIDTH; dim++) {
                double value = 0;
                for (int position = 0; position < s.context; position++) {
                    value += weights[position]
                            * ofBf16(blockAt(position)[TOKENS * WIDTH + dim * TOKENS + position % TOKENS]);
                }
                out[(static_cast<size_t>(row) * s.heads + head) * WIDTH + dim] = value / sum;
            }
        }
    }
    return out;
}

constexpr size_t ATTENTION_SCRATCH = size_t{4} * 1024 * 8 * QUERIES * (Sequences::WIDTH + 2);

void checkAttention() {
    const Sequences s{small ? 2 : 16, small ? 300 : 1000, 8, 2};
    auto queries = normal(static_cast<size_t>(s.rows) * s.queryColumns(), 1);
    auto numbers = normal(s.blockElements() * s.blocks() * s.rows, 1);
    vector<uint16_t> cache(numbers.size());
    std::transform(numbers.begin(), numbers.end(), cache.begin(), toBf16);
    auto tables = upTo(s.rows * s.blocks());
    std::reverse(tables.begin(), tables.end());
    auto expected = attended(s, queries, cache, tables);
    Address from = put(queries);
    Address keys = put(cache);
    Address blocks = put(tables);
    Address to = allocate(expected.size() * 4);
    Address scratch = allocate(ATTENTION_SCRATCH);
    Address counters = allocate(4 * s.rows * s.kvHeads);
    fill(counters, 0, 4 * s.rows * s.kvHeads);
    vector<float> first;
    for (bool apart : {true, false}) {
        Address plan = s.plan(apart);
        vector<float> found(expected.size());
        bool same = true;
        for (int repeat = 0; repeat < (small ? 1 : 20); repeat++) {
            fill(to, 0xFF, found.size() * 4);
            auto argument = s.argument(to, from, keys, blocks, scratch, counters, plan);
            int bytes = sizeof(AttentionShared<Sequences::WIDTH>);
            launch(kernel("attention_bf16_128", bytes), small ? 3 : 64, s.kvHeads, 128, bytes, argument);
            download(found.data(), to, found.size() * 4);
            first = first.empty() ? found : first;
            same = same && std::memcmp(first.data(), found.data(), found.size() * 4) == 0;
        }
        double error = relativeError(found, expected);
        say(error < 1e-2 && same, string("attention, ")
                + (apart ? "each split by its own block" : "all splits by one block") + ": error "
                + std::to_string(error) + (same ? ", the same bits" : ", DIFFERENT BITS"));
        release({plan});
    }
    release({from, keys, blocks, to, scratch, counters});
}

// Draws

struct Rule {
    const char* name;
    float temperature;
    int topK;
    float topP;
    bool masked;    // only tokens with odd ids are allowed
};

constexpr Rule RULES[] = {{"greedy", 0, 0, 1, false}, {"temperature 0.8", 0.8F, 0, 1, false},
    {"top-k 40", 0.8F, 40, 1, false}, {"top-p 0.95", 0.8F, 0, 0.95F, false},
    {"top-k 40, top-p 0.95", 0.8F, 40, 0.95F, false}, {"greedy within masks", 0, 0, 1, true},
    {"top-p 0.95 within masks", 0.8F, 0, 0.95F, true}};

/// The lowest id with the greatest logit.
int greatest(const vector<float>& logits, int vocabulary, bool odd) {
    int best = odd ? 1 : 0;
    for (int id = best; id < vocabulary; id += odd ? 2 : 1) {
        best = logits[id] > logits[best] ? id : best;
    }
    return best;
}

/// Checks that a row draws the same token alone and among others, and that greedy rows draw the greatest logit. Prints
/// the times.
void checkSampling() {
    const int vocabulary = small ? 9000 : 128256;
    const int rows = small ? 2 : 64;
    auto logits = normal(static_cast<size_t>(rows) * vocabulary, 2.5F);
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < 30; i++) {
            logits[static_cast<size_t>(row) * vocabulary + (i * 997 + row) % vocabulary] += 8 + i * 0.2F;
        }
    }
    Address from = put(logits);
    Address weights = allocate(logits.size() * 4);
    Address parts = allocate(sizeof(SamplePart) * rows * partsOf(vocabulary));
    Address counts = allocate(logits.size() * 4);
    Address newest = allocate(4 * rows);
    Address results = allocate(size_t{4} * rows * (2 + 2 * MOST_ALTERNATIVES));
    Address masks = put(vector<uint32_t>(static_cast<size_t>(rows) * maskWords(vocabulary), 0xAAAAAAAAU));
    for (const Rule& rule : RULES) {
        string line;
        vector<int> drawn[2];
        for (int some : {1, rows}) {
            vector<SamplingState> states(rows);
            for (SamplingState& state : states) {
                state = {};
                state.repetitionPenalty = 1;
                state.temperature = rule.temperature;
                state.topK = rule.topK;
                state.topP = rule.topP;
                state.typicalP = 1;
                state.seed = 5;
                state.topLogprobs = -1;
            }
            Address homes = put(states);
            PlanWords words;
            words.words[PLAN_SAMPLES] = some;
            words.words[PLAN_RESULTS] = static_cast<int>(results);
            words.words[PLAN_RESULTS + 1] = static_cast<int>(results >> 32);
            words.array(SAMPLE_HOMES, upTo(some));
            words.array(SAMPLE_TARGETS, vector<int>(some, -1));
            words.array(SAMPLE_ALTERNATIVES, vector<int>(some));
            words.array(SAMPLE_MASKS, rule.masked ? upTo(some) : vector<int>(some, -1));
            Address plan = put(words.words);
            Sampling s{reinterpret_cast<float*>(from), reinterpret_cast<float*>(weights),
                reinterpret_cast<SamplePart*>(parts), reinterpret_cast<SamplingState*>(homes),
                reinterpret_cast<int*>(newest), reinterpret_cast<uint32_t*>(counts),
                reinterpret_cast<const uint32_t*>(masks), reinterpret_cast<const int*>(plan), vocabulary, rows, 0};
            double microseconds = time(small ? 1 : 9, [&](int) {
                upload(homes, states.data(), states.size() * sizeof(SamplingState));
                launch(kernel("sample_survey", 0), some, partsOf(vocabulary), SAMPLE_THREADS, 1024, s);
                launch(kernel("sample_weigh", 0), some, partsOf(vocabulary), SAMPLE_THREADS, 1024, s);
                launch(kernel("sample", 0), some, 1, SAMPLE_THREADS, 40 * 1024, s);
            });
            vector<int> tokens(some);
            download(tokens.data(), results, 4 * some);
            drawn[some == 1 ? 0 : 1] = tokens;
            line += small ? "" : ", " + std::to_string(some) + " rows " + std::to_string(int(microseconds)) + " us";
            release({homes, plan});
        }
        int best = greatest(logits, vocabulary, rule.masked);
        bool right = drawn[0][0] == drawn[1][0] && drawn[0][0] >= 0 && drawn[0][0] < vocabulary
                && (rule.temperature != 0 || drawn[0][0] == best) && (!rule.masked || drawn[0][0] % 2 == 1);
        say(right, string("drawing, ") + rule.name + line + (small ? "" : " (with an upload and three launches)"));
    }
    release({from, weights, parts, counts, newest, results, masks});
}

/// Checks that an upload from pageable memory has finished before the next kernel runs, and that a captured kernel
/// computes the same as a launched one.
void checkStream() {
    const int columns = 4096;
    auto numbers = normal(columns, 1);
    Address plan = planOfRows(1);
    Address values = allocate(4 * columns);
    Address halves = allocate(2 * columns);
    Conversion conversion{};
    conversion.tensor.values = reinterpret_cast<float*>(values);
    conversion.tensor.bfloat = reinterpret_cast<uint16_t*>(halves);
    conversion.plan = reinterpret_cast<const int*>(plan);
    conversion.columns = columns;
    void* convert = kernel("convert", 0);
    auto right = [&](const vector<float>& wanted) {
        vector<uint16_t> found(columns);
        download(found.data(), halves, 2 * columns);
        for (int i = 0; i < columns; i++) {
            if (found[i] != toBf16(wanted[i])) {
                return false;
            }
        }
        return true;
    };
    upload(values, numbers.data(), 4 * columns);
    launch(convert, columns / 256, 1, 256, 0, conversion);
    say(right(numbers), "the next kernel reads what was uploaded");
    void* graph = nullptr;
    void* executable = nullptr;
    call("cuStreamBeginCapture_v2", stream, 1);
    for (int i = 0; i < 100; i++) {
        launch(convert, columns / 256, 1, 256, 0, conversion);
    }
    call("cuStreamEndCapture", stream, &graph);
    call("cuGraphInstantiateWithFlags", &executable, graph, 0ULL);
    auto others = normal(columns, 1);
    upload(values, others.data(), 4 * columns);
    double microseconds = time(small ? 1 : 20, [&](int) { call("cuGraphLaunch", executable, stream); });
    char line[64];
    std::snprintf(line, sizeof line, small ? "a graph of 100 kernels" : "a graph of 100 kernels, %.2f us each",
            microseconds / 100);
    say(right(others), line);
    call("cuGraphExecDestroy", executable);
    call("cuGraphDestroy", graph);
    release({plan, values, halves});
}

// Times

void randomise(Address to, size_t bytes, float deviation) {
    Randomising r{reinterpret_cast<uint32_t*>(to), bytes / 4, 3, RANDOM_BF16, 0, deviation};
    launch(kernel("randomise", 0), 8 * multiprocessors, 1, 256, 0, r);
}

/// Measures and prints the device's peak rates; returns bytes read in a microsecond.
double ceilings() {
    const size_t bytes = size_t{1} << 30;
    Address memory = allocate(bytes);
    Address sink = allocate(size_t{4} * 4 * multiprocessors * 512);
    randomise(memory, bytes, 1);
    Reading reading{reinterpret_cast<const unsigned char*>(memory), bytes, reinterpret_cast<uint32_t*>(sink)};
    double read = bytes / time(9, [&](int) {
        launch(kernel("ceiling_read", 0), 4 * multiprocessors, 1, 512, 0, reading);
    });
    double copied = bytes / time(9, [&](int) {
        call("cuMemcpyDtoDAsync_v2", memory, memory + bytes / 2, bytes / 2, stream);
    });
    const int rounds = 4096;
    Multiplying multiplying{reinterpret_cast<float*>(sink), rounds};
    double operations = 2.0 * 16 * 8 * 16 * 64 * 4 * multiprocessors * rounds / time(5, [&](int) {
        launch(kernel("ceiling_multiply", 0), 4 * multiprocessors, 1, 256, 0, multiplying);
    });
    std::printf("reads %.3f TB/s, copies %.3f TB/s (read and written), mma.sync %.0f TFLOP/s\n", read / 1e6,
            copied / 1e6, operations / 1e6);
    release({memory, sink});
    return read;
}

/// Times Llama 3.1 8B's products by number of rows: prints microseconds, and the share of that time that reading the
/// weights takes at the peak rate.
void timeProducts(double read) {
    struct Shape {
        const char* name;
        int outputs;
        int inputs;
        int shards;
    };
    const size_t room = size_t{1536} << 20;
    Address weights = allocate(room);
    Address in = allocate(size_t{2} * 256 * 14336);
    Address out = allocate(size_t{4} * 256 * 128256);
    randomise(weights, room, 0.02F);
    randomise(in, size_t{2} * 256 * 14336, 1);
    ProductMemory memory;
    for (Shape shape : {Shape{"qkv", 6144, 4096, 1}, Shape{"out", 4096, 4096, 8}, Shape{"gate, up", 28672, 4096, 1},
            Shape{"down", 4096, 14336, 8}, Shape{"head", 128256, 4096, 1}}) {
        Weight weight = shapeOf(shape.outputs, shape.inputs, shape.shards);
        const size_t bytes = bytesOf(weight);
        const size_t copies = std::max<size_t>(1, room / bytes);
        std::printf("%-9s floor %6.1f us:", shape.name, bytes / read);
        for (int rows : {1, 8, 16, 32, 64, 128, 256}) {
            const Tile& tile = tileFor(rows);
            const int resident = tile.resident * multiprocessors;
            const int tiles = (rows + tile.rows - 1) / tile.rows * ((shape.outputs + tile.outputs - 1) / tile.outputs);
            int blockParts = QUARTERS * shape.shards;
            while (blockParts > tile.partWarps && blockParts * std::max(4, shape.shards) > QUARTERS * shape.shards
                    && (10 * tiles * (QUARTERS * shape.shards / blockParts) < 9 * resident
                            || (blockParts < QUARTERS * shape.shards && blockParts / tile.partWarps > 4))) {
                blockParts /= 2;
            }
            Address plan = planOfRows(rows);
            auto p = product(weight, in, out, plan, memory, tile, rows, blockParts);
            auto run = [&](int i) {
                p.weight.values = reinterpret_cast<const unsigned char*>(weights) + bytes * (i % copies);
                multiply(p, tile, rows, resident);
            };
            double each = time(9, [&](int i) {
                for (int j = 0; j < 8; j++) {
                    run(i * 8 + j);
                }
            }) / 8;
            std::printf("  %d: %.1f us %.0f %%", rows, each, 100 * bytes / each / read);
            release({plan});
        }
        std::printf("\n");
        std::fflush(stdout);
    }
    release({weights, in, out});
}

/// Times Llama 3.1 8B's attention at a context of 1024 tokens.
void timeAttention(double read) {
    std::printf("attention, context 1024:");
    for (int rows : {1, 16, 64, 256}) {
        const Sequences s{rows, 1024, 32, 8};
        Address cache = allocate(2 * s.blockElements() * s.blocks() * rows);
        Address queries = allocate(size_t{4} * rows * s.queryColumns());
        Address out = allocate(size_t{4} * rows * s.heads * Sequences::WIDTH);
        Address scratch = allocate(ATTENTION_SCRATCH);
        Address counters = allocate(4 * rows * s.kvHeads);
        fill(counters, 0, 4 * rows * s.kvHeads);
        fill(queries, 0, size_t{4} * rows * s.queryColumns());
        randomise(cache, 2 * s.blockElements() * s.blocks() * rows, 1);
        Address tables = put(upTo(rows * s.blocks()));
        Address plan = s.plan(true);
        auto argument = s.argument(out, queries, cache, tables, scratch, counters, plan);
        int bytes = sizeof(AttentionShared<Sequences::WIDTH>);
        int blocks = std::min((4 * multiprocessors + s.kvHeads - 1) / s.kvHeads, rows * s.splits());
        double each = time(9, [&](int) {
            for (int i = 0; i < 8; i++) {
                launch(kernel("attention_bf16_128", bytes), blocks, s.kvHeads, 128, bytes, argument);
            }
        }) / 8;
        std::printf("  %d: %.1f us %.0f %%", rows, each,
                100 * 2.0 * rows * s.context * 2 * s.kvHeads * Sequences::WIDTH / each / read);
        release({cache, queries, out, scratch, counters, tables, plan});
    }
    std::printf(" (the cache of up to 16 rows fits into L2)\n");
}

void open(const char* fatbin) {
    library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) {
        stop(string("the driver's library cannot be loaded: ") + dlerror());
    }
    int device = 0;
    int version = 0;
    char name[100] = "";
    void* context = nullptr;
    call("cuInit", 0U);
    call("cuDriverGetVersion", &version);
    call("cuDeviceGet", &device, 0);
    call("cuDeviceGetName", static_cast<char*>(name), 99, device);
    call("cuDeviceGetAttribute", &multiprocessors, MULTIPROCESSOR_COUNT, device);
    call("cuDevicePrimaryCtxRetain", &context, device);
    call("cuCtxSetCurrent", context);
    call("cuStreamCreate", &stream, 1U);
    std::printf("%s, %d multiprocessors, driver for CUDA %d.%d\n", name, multiprocessors, version / 1000,
            version % 1000 / 10);
    FILE* file = std::fopen(fatbin, "rb");
    vector<char> image(file == nullptr ? 0 : 64 << 20);
    if (image.empty() || std::fread(image.data(), 1, image.size(), file) == 0) {
        stop(string("expected the compiled kernels in ") + fatbin + ", found nothing");
    }
    std::fclose(file);
    call("cuModuleLoadData", &module, static_cast<const void*>(image.data()));
}

}    // namespace

int main(int count, char** arguments) {
    if (count < 2 || count > 3 || (count == 3 && string(arguments[2]) != "small")) {
        std::printf("usage: smoke FATBIN [small]\n");
        return 2;
    }
    small = count == 3;
    open(arguments[1]);
    checkStream();
    checkProducts();
    checkAttention();
    checkSampling();
    if (!small) {
        double read = ceilings();
        timeProducts(read);
        timeAttention(read);
    }
    std::printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
