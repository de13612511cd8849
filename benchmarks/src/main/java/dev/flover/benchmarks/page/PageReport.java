package dev.flover.benchmarks.page;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;

/// The outcome of `bench page`.
///
/// @param stepMs    median over the rounds of the mean time of a step, in ms, of an engine that records nothing
/// @param recording the median of the rounds with a record, relative to the round before without
/// @param open      the same, with a page that is open
/// @param frames    frames that the client read
/// @param bytes     bytes that the client read
record PageReport(
        @JsonProperty("live") int live,
        @JsonProperty("steps_per_s") double stepsPerSecond,
        @JsonProperty("step_ms") double stepMs,
        @JsonProperty("ratio_recording") double recording,
        @JsonProperty("ratio_page_open") double open,
        @JsonProperty("frames") long frames,
        @JsonProperty("bytes") long bytes) {
    List<String> lines() {
        return List.of(
                String.format(Locale.ROOT, "%d live: %.3f ms a step, %.0f steps/s", live, stepMs, stepsPerSecond),
                String.format(Locale.ROOT, "recorded:  %.4f of that time", recording),
                String.format(Locale.ROOT, "page open: %.4f of that time; %,d frames, %,d bytes each", open, frames,
                        frames == 0 ? 0 : bytes / frames));
    }
}
