package dev.flover.app.bench;

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

/// What the machine can do at most, measured in the same run; zeros for the reference backend.
///
/// @param device       what computes
/// @param floatGflops  in f32, or in f16 on a GPU's tensor cores
record Machine(
        String device,
        @JsonProperty("float_gflops") double floatGflops,
        @JsonProperty("int8_gops") double int8Gops,
        @JsonProperty("read_gbytes_per_s") double readGbytesPerSecond) {

    /// To be called before the backend has weights.
    static Machine measure(Backend backend, int threads) {
        if (backend instanceof CudaBackend cuda) {
            var ceilings = cuda.ceilings();
            return new Machine(cuda.describe(), ceilings.operations() / 1e9, 0, ceilings.readBytes() / 1e9);
        }
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        String device = count + (count == 1 ? " thread" : " threads");
        if (!backend.name().startsWith("cpu")) {
            return new Machine(device, 0, 0, 0);
        }
        var ceilings = CpuBackends.ceilings(backend.name(), count);
        return new Machine(device, ceilings.floatOperations() / 1e9, ceilings.integerOperations() / 1e9,
                ceilings.readBytes() / 1e9);
    }

    String describe() {
        return int8Gops == 0
                ? String.format(Locale.ROOT, "%s; at most %.0f GFLOP/s, %.1f GB/s from memory",
                        device, floatGflops, readGbytesPerSecond)
                : String.format(Locale.ROOT, "%s; at most %.0f GFLOP/s in f32, %.0f GOP/s in int8, "
                        + "%.1f GB/s from memory", device, floatGflops, int8Gops, readGbytesPerSecond);
    }

    /// What all Java threads have allocated, and what collectors have done.
    record Usage(long allocatedBytes, long collections, long collectionMs) {
        /// What has been used since, without what it takes to find out.
        Usage untilNow() {
            long allocated = allocatedBytes() - allocatedBytes;     // before anything else, as `usage` reads it last
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

    /// The most memory this process had in use; 0 where the system does not say.
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
