package dev.flover.benchmarks.kernels;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The report of `bench kernels`.
///
/// @param backend the kernels' name
record KernelReport(
        String backend, int threads, int outputs, int inputs, @JsonUnwrapped Limits limits, List<Product> products) {

    /// The limits of the machine with this number of threads.
    ///
    /// @param int8Gops            multiplications and additions of bytes, in 10^9 a second
    /// @param bf16Gflops          multiplications of bf16 numbers and additions, in 10^9 a second
    /// @param floatGflops         multiplications and additions of floats, in 10^9 a second
    /// @param readGbytesPerSecond bytes read from memory, in 10^9 a second
    record Limits(
            @JsonProperty("int8_gops") double int8Gops,
            @JsonProperty("bf16_gflops") double bf16Gflops,
            @JsonProperty("float_gflops") double floatGflops,
            @JsonProperty("read_gbytes_per_s") double readGbytesPerSecond) {}

    /// The fastest product of one kind.
    ///
    /// @param fromMemory whether the matrices together are larger than the caches
    record Product(String type, int rows, @JsonProperty("from_memory") boolean fromMemory, @JsonUnwrapped Speed speed) {
    }

    /// The speed of a product, and its shares of the machine's limits.
    ///
    /// @param microseconds    time of one product
    /// @param gops            multiplications and additions, in 10^9 a second
    /// @param ofLimit         `gops` as a share of the machine's limit, for bytes or for floats
    /// @param gbytesPerSecond bytes of weights that are read, in 10^9 a second
    /// @param ofReadRate      `gbytesPerSecond` as a share of the rate of reading from memory; above 1 where caches
    ///                        hold the weights
    record Speed(
            @JsonProperty("us") double microseconds,
            double gops,
            @JsonProperty("of_limit") double ofLimit,
            @JsonProperty("gbytes_per_s") double gbytesPerSecond,
            @JsonProperty("of_read_rate") double ofReadRate) {}

    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(String.format(Locale.ROOT, "%s, %d %s; at most %.0f GOP/s in int8, %.0f GFLOP/s in bf16, "
                + "%.0f in f32, %.1f GB/s from memory", backend, threads, threads == 1 ? "thread" : "threads",
                limits.int8Gops, limits.bf16Gflops, limits.floatGflops, limits.readGbytesPerSecond));
        lines.add(String.format(Locale.ROOT, "products with matrices of %d x %d", outputs, inputs));
        lines.add(String.format(Locale.ROOT, "%-8s %5s %-7s %10s %8s %9s %7s %12s",
                "type", "rows", "from", "us", "GOP/s", "of limit", "GB/s", "of read rate"));
        for (var product : products) {
            var speed = product.speed;
            lines.add(String.format(Locale.ROOT, "%-8s %5d %-7s %10.1f %8.1f %9.2f %7.1f %12.2f",
                    product.type, product.rows, product.fromMemory ? "memory" : "caches", speed.microseconds,
                    speed.gops, speed.ofLimit, speed.gbytesPerSecond, speed.ofReadRate));
        }
        return lines;
    }
}
