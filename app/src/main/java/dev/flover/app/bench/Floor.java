package dev.flover.app.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.app.bench.TimedBackend.Cost;
import dev.flover.app.bench.TimedBackend.Operation;
import java.util.Map;

/// The least time that a step could take on this machine: as if it only read what it must, or only multiplied.
///
/// @param memoryUs     microseconds to read weights, keys and values, at the machine's best rate
/// @param arithmeticUs to do all multiplications, at its best rate
/// @param share        the greater of the two, of what a step took: 1 is perfect; more where caches hold what is read
record Floor(
        @JsonProperty("memory_us") double memoryUs,
        @JsonProperty("arithmetic_us") double arithmeticUs,
        double share) {

    /// @param steps    that the costs are of
    /// @param stepUs   what a step took
    /// @param integers whether products multiply bytes
    static Floor of(Map<Operation, Cost> costs, long steps, double stepUs, Machine machine, boolean integers) {
        double bytes = 0;
        double nanos = 0;
        for (var entry : costs.entrySet()) {
            var cost = entry.getValue();
            bytes += cost.bytes;
            double ceiling = integers && entry.getKey().isProduct() ? machine.int8Gops() : machine.floatGflops();
            nanos += ceiling == 0 ? 0 : cost.operations / ceiling;
        }
        double read = machine.readGbytesPerSecond();
        double memoryUs = read == 0 ? 0 : bytes / read / 1e3 / steps;
        double arithmeticUs = nanos / 1e3 / steps;
        return new Floor(memoryUs, arithmeticUs, Math.max(memoryUs, arithmeticUs) / stepUs);
    }
}
