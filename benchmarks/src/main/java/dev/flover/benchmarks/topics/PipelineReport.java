package dev.flover.benchmarks.topics;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.workload.Spread;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Locale;

/// The report of `bench pipeline`. A share divides two rates of the same round.
///
/// @param prefillMs time from admission to the first token of one request alone in the engine without Kafka
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record PipelineReport(
        String model,
        String backend,
        int requests,
        int live,
        int partitions,
        @JsonProperty("commit_interval_ms") long commitIntervalMs,
        Saturation saturation,
        @JsonProperty("prefill_ms") double prefillMs,
        Arriving arriving) {
    /// Results with all requests sent at once; medians of the rounds.
    ///
    /// @param share tokens per second through topics, divided by those of the engine alone
    record Saturation(
            @JsonProperty("bare_tokens_per_s") double bareTokensPerSecond,
            @JsonProperty("tokens_per_s") double tokensPerSecond,
            double share,
            @JsonProperty("changelog_bytes_per_token") double changelogBytesPerToken) {}

    /// Results with requests that arrive one by one.
    ///
    /// @param requestsPerSecond requests sent per second
    /// @param firstTokenMs      from sending a request to reading its first committed token
    /// @param betweenTokensMs   from reading one committed chunk to reading the next, divided by its tokens
    /// @param lag               requests that are written and not committed as read, sampled five times per second
    record Arriving(
            @JsonProperty("requests_per_s") double requestsPerSecond,
            @JsonProperty("tokens_per_s") double tokensPerSecond,
            @JsonProperty("first_token_ms") Spread firstTokenMs,
            @JsonProperty("between_tokens_ms") Spread betweenTokensMs,
            Spread lag) {}

    List<String> lines() {
        return List.of(
                format("%s on %s: %d requests, %d live, %d partitions, a commit every %d ms",
                        model, backend, requests, live, partitions, commitIntervalMs),
                format("all at once:  bare engine %.0f tokens/s, through topics %.0f tokens/s: %.1f %%; %.1f bytes of "
                                + "changelog a token",
                        saturation.bareTokensPerSecond, saturation.tokensPerSecond, 100 * saturation.share,
                        saturation.changelogBytesPerToken),
                format("one by one:   %.2f requests/s, %.0f tokens/s", arriving.requestsPerSecond,
                        arriving.tokensPerSecond),
                format("  request to first committed token   mean %.1f   p50 %.1f   p99 %.1f ms (a prefill alone: "
                                + "%.1f ms)",
                        arriving.firstTokenMs.mean(), arriving.firstTokenMs.p50(), arriving.firstTokenMs.p99(),
                        prefillMs),
                format("  between tokens                     mean %.1f   p50 %.1f   p99 %.1f ms",
                        arriving.betweenTokensMs.mean(), arriving.betweenTokensMs.p50(),
                        arriving.betweenTokensMs.p99()),
                format("  requests not yet read              mean %.1f   p50 %.0f   p99 %.0f",
                        arriving.lag.mean(), arriving.lag.p50(), arriving.lag.p99()));
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
