package dev.flover.benchmarks.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// The report of `bench engine`.
///
/// @param peakMemoryBytes peak resident memory of the process; 0 if the system does not tell
record EngineReport(
        String model,
        String backend,
        String arithmetic,
        @JsonProperty("load_s") double loadSeconds,
        Machine machine,
        List<BatchResult> results,
        @JsonProperty("peak_memory_bytes") long peakMemoryBytes) {}
