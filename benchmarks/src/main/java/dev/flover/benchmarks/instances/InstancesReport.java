package dev.flover.benchmarks.instances;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.workload.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The outcome for each number of instances.
record InstancesReport(List<Row> rows) {
    /// One number of instances.
    ///
    /// @param rate     committed tokens a second, while nothing changes
    /// @param pauses   longest time in ms without tokens of each generation, while nothing changes
    /// @param joining  the same, while one more instance starts and takes over partitions
    /// @param leaving  the same, while that instance is stopped
    /// @param missing  tokens that did not come
    /// @param repeated tokens that came twice
    record Row(int instances, @JsonProperty("tokens_per_s") double rate, @JsonProperty("pause_ms") Spread pauses,
            @JsonProperty("pause_ms_joining") Spread joining, @JsonProperty("pause_ms_leaving") Spread leaving,
            int answers, int missing, int repeated) {
        String line() {
            return String.format(Locale.ROOT, "%9d  %8.0f  %8.0f %7.0f  %8.0f %7.0f  %8.0f %7.0f  %7d  %7d  %8d",
                    instances, rate, pauses.p50(), pauses.p99(), joining.p50(), joining.p99(), leaving.p50(),
                    leaving.p99(), answers, missing, repeated);
        }
    }

    List<String> lines() {
        var lines = new ArrayList<>(List.of(
                "longest time in ms without a committed token, of each generation: median and 99th percentile",
                "instances  tokens/s     steady          one joins        it leaves       answers  missing  repeated"));
        rows.forEach(row -> lines.add(row.line()));
        return lines;
    }
}
