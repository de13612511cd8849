package dev.flover.http.jobs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;

/// Where the records of a job are, and how many.
///
/// @param lines       number of its requests
/// @param wrong       number of its lines that are not requests
/// @param wrongBytes  bytes of their errors, each with its line feed
/// @param from        offset of its first record in the lines topic
/// @param requestsEnd offset behind the last record with a request
/// @param end         offset behind its last record; from `requestsEnd` on, the records are errors of wrong lines
/// @param resultsFrom by partition, offsets in the results topic before all its results
@JsonIgnoreProperties(ignoreUnknown = true)
public record JobSpan(
        @JsonProperty("lines") long lines,
        @JsonProperty("wrong") long wrong,
        @JsonProperty("wrong_bytes") long wrongBytes,
        @JsonProperty("from") long from,
        @JsonProperty("requests_end") long requestsEnd,
        @JsonProperty("end") long end,
        @JsonProperty("results_from") Map<Integer, Long> resultsFrom) {
    public JobSpan {
        resultsFrom = Map.copyOf(resultsFrom);
    }

    /// Returns the number of lines that are not empty.
    public long all() {
        return lines + wrong;
    }
}
