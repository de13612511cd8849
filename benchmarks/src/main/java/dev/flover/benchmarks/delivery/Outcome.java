package dev.flover.benchmarks.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.delivery.check.Findings;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// The result of a run.
///
/// @param counts   number of disturbances, by kind and by the phase of the instance
/// @param weather  number of disturbances of the services, by kind
/// @param unburied number of records that are no requests and did not become dead letters
/// @param recovery time from a disturbance until each generation that was live has its next committed token, by kind
/// @param retries  findings about requests that were sent again, and about different requests under the same ids
/// @param atRest   whether every instance served at the end
/// @param passed   whether the promise was kept and all disturbances were made
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
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

    /// Returns the number of disturbances of one kind.
    int count(Disturbance kind) {
        return counts.getOrDefault(kind, Map.of()).values().stream().mapToInt(Integer::intValue).sum();
    }

    /// Percentiles of the time to recovery from disturbances of one kind, in ms.
    ///
    /// @param count number of disturbances that were recovered from before the next one
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

        /// Returns a percentile by the nearest-rank method; 0 for an empty list.
        private static long percentile(List<Long> sorted, int percent) {
            int rank = (sorted.size() * percent + 99) / 100;
            return sorted.isEmpty() ? 0 : sorted.get(rank - 1);
        }
    }
}
