package dev.flover.benchmarks.topics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;

/// The outcome of [BatchMeasurement].
///
/// @param topicTokensPerSecond rate of requests that are written to the topic at once
/// @param share                median of the rounds: rate of the command relative to that rate
/// @param alone                other requests without a job
/// @param beside               the same beside a job
record BatchReport(
        @JsonProperty("topic_tokens_per_s") double topicTokensPerSecond,
        @JsonProperty("batch_tokens_per_s") double batchTokensPerSecond,
        @JsonProperty("share") double share,
        @JsonProperty("first_token_alone") FirstTokens alone,
        @JsonProperty("first_token_beside") FirstTokens beside) {
    List<String> lines() {
        return List.of(
                String.format(Locale.ROOT, "the command batch: %.0f tokens/s; the same requests to the topic at once: "
                        + "%.0f tokens/s; ratio %.3f", batchTokensPerSecond, topicTokensPerSecond, share),
                alone.line("without a job"), beside.line("beside a job"),
                String.format(Locale.ROOT, "ratio of p99 %.2f", beside.all().p99() / alone.all().p99()));
    }
}
