package dev.flover.benchmarks.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.sun.management.ThreadMXBean;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.cpu.CpuBackends;
import dev.flover.engine.backend.cuda.CudaBackend;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// The machine's highest rates, measured in the same run; 0 for the reference backend.
///
/// @param device       the GPU or the number of threads that compute
/// @param floatGflops  in f32; on a GPU in f16 on the tensor cores
/// @param bf16Gflops  of products with weights in bf16
record Machine(
        String device,
        @JsonProperty("float_gflops") double floatGflops,
        @JsonProperty("bf16_gflops") double bf16Gflops,
        @JsonProperty("int8_gops") double int8Gops,
        @JsonProperty("read_gbytes_per_s") double readGbytesPerSecond) {

    /// Measures the rates. Must be called before the backend has weights.
    static Machine measure(Backend backend, int threads) {
        if (backend instanceof CudaBackend cuda) {
            var ceilings = cuda.ceilings();
            return new Machine(cuda.describe(), ceilings.operations() / 1e9,
                    ceilings.operations() / 1e9, 0, ceilings.readBytes() / 1e9);
        }
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        String device = count + (count == 1 ? " thread" : " threads");
        if (!backend.name().startsWith("cpu")) {
            return new Machine(device, 0, 0, 0, 0);
        }
        var ceilings = CpuBackends.ceilings(backend.name(), count);
        return new Machine(device, ceilings.floatOperations() / 1e9, ceilings.bf16Operations() / 1e9,
                ceilings.integerOperations() / 1e9, ceilings.readBytes() / 1e9);
    }

    /// The number format in which the products of a model are computed.
    enum Numbers { FLOATS, BF16, BYTES }

    /// The greatest rate of an operation, in 10^9 multiplications and additions a second.
    double ceiling(Operation operation, Numbers numbers) {
        return !operation.isProduct() ? floatGflops : switch (numbers) {
            case FLOATS -> floatGflops;
            case BF16 -> bf16Gflops;
            case BYTES -> int8Gops;
        };
    }

    String describe() {
        return int8Gops == 0
                ? String.format(Locale.ROOT, "%s; at most %.0f GFLOP/s, %.1f GB/s from memory",
                        device, floatGflops, readGbytesPerSecond)
                : String.format(Locale.ROOT, "%s; at most %.0f GFLOP/s in f32, %.0f in bf16, %.0f GOP/s in int8, "
                        + "%.1f GB/s from memory", device, floatGflops, bf16Gflops, int8Gops, readGbytesPerSecond);
    }

    /// Memory that all Java threads have allocated, in bytes, and the number and time of garbage collections.
    record Usage(long allocatedBytes, long collections, long collectionMs) {
        /// Returns the usage since this object was made, without the cost of measuring it.
        Usage untilNow() {
            long allocated = allocatedBytes() - allocatedBytes;     // first, since `usage` reads it last
            var now = usage();
            return new Usage(allocated, now.collections - collections, now.collectionMs - collectionMs);
        }
    }

    static Usage usage() {
        long collections = 0;
        long milliseconds = 0;
        for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections += collector.getCollectionCount();
            milliseconds += collector.getCollectionTime();
        }
        return new Usage(allocatedBytes(), collections, milliseconds);
    }

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
    }

    /// Returns the peak resident memory of this process, in bytes; 0 if the system does not tell.
    static long peakMemoryBytes() {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst().orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
