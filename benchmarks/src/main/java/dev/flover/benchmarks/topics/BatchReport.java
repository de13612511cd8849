package dev.flover.benchmarks.topics;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.workload.Spread;
import java.util.List;
import java.util.Locale;

/// The outcome of [BatchMeasurement].
///
/// @param topicTokensPerSecond rate of requests that are written to the topic at once
/// @param share                median of the rounds: rate of the command relative to that rate
/// @param alone                times in ms to the first committed token without a job
/// @param beside               the same beside a job
/// @param counted              number of requests beside the job
record BatchReport(
        @JsonProperty("topic_tokens_per_s") double topicTokensPerSecond,
        @JsonProperty("batch_tokens_per_s") double batchTokensPerSecond,
        @JsonProperty("share") double share,
        @JsonProperty("first_token_ms_alone") Spread alone,
        @JsonProperty("first_token_ms_beside") Spread beside,
        @JsonProperty("counted_beside") int counted) {
    List<String> lines() {
        return List.of(
                String.format(Locale.ROOT, "the command batch: %.0f tokens/s; the same requests to the topic at once: "
                        + "%.0f tokens/s; ratio %.3f", batchTokensPerSecond, topicTokensPerSecond, share),
                String.format(Locale.ROOT, "first committed token of other requests: p50 %.1f ms, p99 %.1f ms; beside "
                        + "a job (%d requests): p50 %.1f ms, p99 %.1f ms; ratio of p99 %.2f", alone.p50(), alone.p99(),
                        counted, beside.p50(), beside.p99(), beside.p99() / alone.p99()));
    }
}
