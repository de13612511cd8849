package dev.flover.http.jobs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;

/// Counts of the results of a job.
///
/// @param failed      results without an answer
/// @param tokensIn    tokens of the prompts of answered lines
/// @param answerBytes bytes of the lines of output, each with its line feed
/// @param errorBytes  bytes of the lines of errors that results made
@JsonIgnoreProperties(ignoreUnknown = true)
public record JobCounts(
        @JsonProperty("answered") long answered,
        @JsonProperty("failed") long failed,
        @JsonProperty("tokens_in") long tokensIn,
        @JsonProperty("tokens_out") long tokensOut,
        @JsonProperty("answer_bytes") long answerBytes,
        @JsonProperty("error_bytes") long errorBytes) {
    static final JobCounts NOTHING = new JobCounts(0, 0, 0, 0, 0, 0);

    public JobCounts plus(Outcome outcome) {
        long bytes = outcome.bytes().length + 1L;
        return outcome.failed() ? new JobCounts(answered, failed + 1, tokensIn, tokensOut, answerBytes,
                errorBytes + bytes)
                : new JobCounts(answered + 1, failed, tokensIn + outcome.promptTokens(),
                        tokensOut + outcome.completionTokens(), answerBytes + bytes, errorBytes);
    }
}
