package dev.flover.app.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// What `bench engine` found out.
///
/// @param peakMemoryBytes of the process; 0 where the system does not say
record EngineReport(
        String model,
        String backend,
        String arithmetic,
        @JsonProperty("load_s") double loadSeconds,
        Machine machine,
        List<BatchResult> results,
        @JsonProperty("peak_memory_bytes") long peakMemoryBytes) {}
