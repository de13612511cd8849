package dev.flover.benchmarks.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;

/// The least time that a step could take on this machine, if it only read the necessary memory or only multiplied.
///
/// @param memoryUs     time to read weights, keys and values at the machine's best rate, in µs
/// @param arithmeticUs time for all multiplications at the machine's best rate, in µs
/// @param share        the greater of the two divided by the step's measured time: 1 is perfect; above 1 if caches hold
///                     the data
/// @param fileUs       time to read all bytes of the model's files at the machine's best rate, in µs; 0 without a file
record Floor(
        @JsonProperty("memory_us") double memoryUs,
        @JsonProperty("arithmetic_us") double arithmeticUs,
        double share,
        @JsonProperty("file_us") double fileUs) {

    /// @param steps     number of steps in the costs
    /// @param stepUs    measured time of a step, in µs
    /// @param numbers   of products
    /// @param fileBytes of the model's files
    static Floor of(
            Map<Operation, Cost> costs, long steps, double stepUs, Machine machine, Machine.Numbers numbers,
            long fileBytes) {
        double bytes = 0;
        double nanos = 0;
        for (var entry : costs.entrySet()) {
            var cost = entry.getValue();
            bytes += cost.bytes;
            double ceiling = machine.ceiling(entry.getKey(), numbers);
            nanos += ceiling == 0 ? 0 : cost.operations / ceiling;
        }
        double read = machine.readGbytesPerSecond();
        double memoryUs = read == 0 ? 0 : bytes / read / 1e3 / steps;
        double arithmeticUs = nanos / 1e3 / steps;
        return new Floor(memoryUs, arithmeticUs, Math.max(memoryUs, arithmeticUs) / stepUs,
                read == 0 ? 0 : fileBytes / read / 1e3);
    }
}
