package dev.flover.app.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;

/// How a run ended.
///
/// @param recovery from a kill to the next committed token
/// @param passed   whether all that was promised was kept, under as many kills as were asked for
record Outcome(
        @JsonProperty("seed") long seed,
        @JsonProperty("delivery") String delivery,
        @JsonProperty("seconds") double seconds,
        @JsonProperty("kills") int kills,
        @JsonProperty("kills_by_phase") Map<Phase, Integer> killsByPhase,
        @JsonProperty("recovery_ms") Recovery recovery,
        @JsonProperty("findings") Findings findings,
        @JsonProperty("passed") boolean passed) {

    /// @param count kills after which a token was committed before the next kill
    record Recovery(@JsonProperty("count") int count, @JsonProperty("p50") long p50, @JsonProperty("p99") long p99) {
        static Recovery of(List<Long> millis) {
            var sorted = millis.stream().sorted().toList();
            return new Recovery(sorted.size(), percentile(sorted, 50), percentile(sorted, 99));
        }

        /// Nearest rank; 0 of nothing.
        private static long percentile(List<Long> sorted, int percent) {
            int rank = (sorted.size() * percent + 99) / 100;
            return sorted.isEmpty() ? 0 : sorted.get(rank - 1);
        }
    }
}
