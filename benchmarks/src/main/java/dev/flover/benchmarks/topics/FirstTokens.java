package dev.flover.benchmarks.topics;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.workload.Spread;
import java.util.Arrays;
import java.util.Locale;

/// Times to the first committed tokens of requests that are not batch, and their parts.
///
/// @param all      in ms, from writing a request to reading its first token
/// @param waited   mean in ms from reading a request in the pipeline to giving it to the engine
/// @param computed mean in ms from there until its first token was written
/// @param topics   mean in ms of the rest: the request's way to the pipeline, the commit, and the token's way back
/// @param counted  number of requests
record FirstTokens(
        @JsonProperty("ms") Spread all,
        @JsonProperty("mean_waited_ms") double waited,
        @JsonProperty("mean_computed_ms") double computed,
        @JsonProperty("mean_topics_ms") double topics,
        @JsonProperty("counted") int counted) {

    /// The sums of the pipeline's timers at one moment.
    record Sums(TemporaryPipeline.TimerSum waited, TemporaryPipeline.TimerSum firstToken) {
        static Sums of(TemporaryPipeline pipeline) {
            return new Sums(pipeline.timer("flover.waited"), pipeline.timer("flover.first.token"));
        }
    }

    /// @param ms     of each request
    /// @param before looked at before the first request
    /// @param after  looked at after the last one
    static FirstTokens of(double[] ms, Sums before, Sums after) {
        double waited = after.waited().meanSince(before.waited());
        double inPipeline = after.firstToken().meanSince(before.firstToken());
        return new FirstTokens(Spread.of(ms), waited, inPipeline - waited,
                Arrays.stream(ms).average().orElse(0) - inPipeline, ms.length);
    }

    String line(String name) {
        return String.format(Locale.ROOT, "first committed token of %d requests %s: p50 %.1f ms, p99 %.1f ms; mean: "
                + "%.1f ms waiting, %.1f computing, %.1f on the topics", counted, name, all.p50(), all.p99(), waited,
                computed, topics);
    }
}
