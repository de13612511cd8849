package dev.flover.app.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// How a run ended.
///
/// @param counts   of disturbances, by kind and by where the instance stood
/// @param weather  troubles of the world, by kind
/// @param unburied records that were no requests, and became no dead letters
/// @param recovery from a disturbance until all generations that were live have a next committed token, by kind
/// @param retries  of requests that were sent again, and of others under their ids
/// @param atRest   whether in the end every instance served
/// @param passed   whether all that was promised was kept, under as many disturbances as were asked for
record Outcome(
        @JsonProperty("seed") long seed,
        @JsonProperty("delivery") String delivery,
        @JsonProperty("seconds") double seconds,
        @JsonProperty("disturbances") Map<Disturbance, Map<Phase, Integer>> counts,
        @JsonProperty("weather") Map<Trouble, Integer> weather,
        @JsonProperty("unburied") int unburied,
        @JsonProperty("recovery_ms") Map<Disturbance, Recovery> recovery,
        @JsonProperty("at_rest") boolean atRest,
        @JsonProperty("findings") Findings findings,
        @JsonProperty("retries") Retries.Outcome retries,
        @JsonProperty("passed") boolean passed) {

    /// Of one kind.
    int count(Disturbance kind) {
        return counts.getOrDefault(kind, Map.of()).values().stream().mapToInt(Integer::intValue).sum();
    }

    /// @param count disturbances that were recovered from before the next one
    record Recovery(@JsonProperty("count") int count, @JsonProperty("p50") long p50, @JsonProperty("p99") long p99) {
        static Map<Disturbance, Recovery> of(Map<Disturbance, List<Long>> millis) {
            var recoveries = new EnumMap<Disturbance, Recovery>(Disturbance.class);
            millis.forEach((kind, times) -> recoveries.put(kind, of(times)));
            return recoveries;
        }

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
