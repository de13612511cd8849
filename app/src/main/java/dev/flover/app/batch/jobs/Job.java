package dev.flover.app.batch.jobs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;

/// What a job is: written once, when all its lines are in the lines topic.
///
/// @param id          the first part of the ids of its requests
/// @param name        the file's name, for people
/// @param createdMs   ms since 1970
/// @param lines       number of its requests
/// @param wrong       number of its lines that are not requests
/// @param from        offset of its first record in the lines topic
/// @param requestsEnd offset behind the last record with a request
/// @param end         offset behind its last record; from `requestsEnd` on, the records are errors of wrong lines
/// @param resultsFrom by partition, offsets in the results topic before all its results
/// @param deadlineMs  ms since 1970 after which its remaining lines are not answered; 0 for none
@JsonIgnoreProperties(ignoreUnknown = true)
public record Job(
        @JsonProperty("id") String id,
        @JsonProperty("name") String name,
        @JsonProperty("created_ms") long createdMs,
        @JsonProperty("lines") long lines,
        @JsonProperty("wrong") long wrong,
        @JsonProperty("from") long from,
        @JsonProperty("requests_end") long requestsEnd,
        @JsonProperty("end") long end,
        @JsonProperty("results_from") Map<Integer, Long> resultsFrom,
        @JsonProperty("deadline_ms") long deadlineMs) {
    public Job {
        resultsFrom = Map.copyOf(resultsFrom);
    }
}
