package dev.flover.http.jobs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// How far a job is: written by the feeder, in the transaction that sends the job's lines.
///
/// @param phase    RUNNING until the job has ended
/// @param next     offset in the lines topic of the next line to send
/// @param results  by partition, the offsets in the results topic at which reading goes on
/// @param open     numbers of the lines that are sent and have no result yet
/// @param lastSent number of the line that was sent last
@JsonIgnoreProperties(ignoreUnknown = true)
public record JobState(
        @JsonProperty("phase") Phase phase,
        @JsonProperty("message") String message,
        @JsonProperty("next") long next,
        @JsonProperty("results") Map<Integer, Long> results,
        @JsonProperty("open") List<Long> open,
        @JsonProperty("last_sent") long lastSent,
        @JsonProperty("counts") JobCounts counts) {
    public JobState {
        results = Map.copyOf(results);
        open = List.copyOf(open);
        Objects.requireNonNull(counts, "counts");
    }

    /// Phases of a job. All but the first are final.
    public enum Phase { RUNNING, DONE, CANCELLED, EXPIRED, FAILED }

    /// Returns the state of a job of which nothing has been sent.
    public static JobState of(Job job) {
        return new JobState(Phase.RUNNING, "", job.span().from(), job.span().resultsFrom(), List.of(), 0,
                JobCounts.NOTHING);
    }

    public boolean isFinal() {
        return phase != Phase.RUNNING;
    }
}
