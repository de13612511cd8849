package dev.flover.benchmarks.instances;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.flover.benchmarks.workload.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The outcome for each number of instances.
record InstancesReport(List<Row> rows) {
    /// One number of instances.
    ///
    /// @param rate committed tokens a second, while no instance joins or leaves
    record Row(int instances, @JsonProperty("tokens_per_s") double rate, @JsonUnwrapped Pauses pauses,
            @JsonUnwrapped Received received) {
        String line() {
            return String.format(Locale.ROOT, "%9d  %8.0f  %8.0f %7.0f  %8.0f %7.0f  %8.0f %7.0f  %7d  %7d  %8d",
                    instances, rate, pauses.steady.p50(), pauses.steady.p99(), pauses.joining.p50(),
                    pauses.joining.p99(), pauses.leaving.p50(), pauses.leaving.p99(), received.answers,
                    received.missing, received.repeated);
        }
    }

    /// The longest time in ms without committed tokens, of each generation.
    ///
    /// @param steady  while no instance joins or leaves
    /// @param joining while one more instance starts and takes over partitions
    /// @param leaving while that instance is stopped
    record Pauses(@JsonProperty("pause_ms") Spread steady, @JsonProperty("pause_ms_joining") Spread joining,
            @JsonProperty("pause_ms_leaving") Spread leaving) {}

    /// The tokens that the clients received, compared with those of complete answers.
    ///
    /// @param missing  tokens that did not come
    /// @param repeated tokens that came twice
    record Received(int answers, int missing, int repeated) {}

    List<String> lines() {
        var lines = new ArrayList<>(List.of(
                "longest time in ms without a committed token, of each generation: median and 99th percentile",
                "instances  tokens/s     steady          one joins        it leaves       answers  missing  repeated"));
        rows.forEach(row -> lines.add(row.line()));
        return lines;
    }
}
