package dev.flover.benchmarks.kernels;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The report of `bench attention`.
///
/// @param backend       the kernels' name
/// @param kvBits        bits of a number of a key or value
/// @param floatGflops   multiplications and additions of f32 that the machine can compute, in 10^9 a second
/// @param readGbytesPerSecond bytes that it can read from memory, in 10^9 a second
record AttentionReport(
        String backend,
        int threads,
        AttentionRun.Heads shape,
        @JsonProperty("kv_bits") int kvBits,
        @JsonProperty("float_gflops") double floatGflops,
        @JsonProperty("read_gbytes_per_s") double readGbytesPerSecond,
        List<Layer> results) {

    /// The fastest computation of one layer.
    ///
    /// @param fromMemory      whether the keys and values that are read in turn are larger than the caches
    /// @param microseconds    of one layer
    /// @param gflops          multiplications and additions, in 10^9 a second
    /// @param ofLimit         `gflops` as a share of the machine's limit
    /// @param gbytesPerSecond bytes of keys and values that are read, in 10^9 a second
    /// @param ofReadRate      `gbytesPerSecond` as a share of the rate of reading from memory; above 1 where caches
    ///     hold them
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    record Layer(
            int sequences,
            int positions,
            @JsonProperty("from_memory") boolean fromMemory,
            @JsonProperty("us") double microseconds,
            double gflops,
            @JsonProperty("of_limit") double ofLimit,
            @JsonProperty("gbytes_per_s") double gbytesPerSecond,
            @JsonProperty("of_read_rate") double ofReadRate) {}

    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(String.format(Locale.ROOT, "%s, %d %s; at most %.0f GFLOP/s in f32, %.1f GB/s from memory", backend,
                threads, threads == 1 ? "thread" : "threads", floatGflops, readGbytesPerSecond));
        lines.add(String.format(Locale.ROOT, "attention of %d query heads and %d key heads of %d numbers of %d bits",
                shape.heads(), shape.kvHeads(), shape.headDim(), kvBits));
        lines.add(String.format(Locale.ROOT, "%9s %9s %-7s %10s %8s %9s %7s %12s",
                "sequences", "positions", "from", "us", "GFLOP/s", "of limit", "GB/s", "of read rate"));
        for (var layer : results) {
            lines.add(String.format(Locale.ROOT, "%9d %9d %-7s %10.1f %8.1f %9.2f %7.1f %12.2f", layer.sequences,
                    layer.positions, layer.fromMemory ? "memory" : "caches", layer.microseconds, layer.gflops,
                    layer.ofLimit, layer.gbytesPerSecond, layer.ofReadRate));
        }
        return lines;
    }
}
