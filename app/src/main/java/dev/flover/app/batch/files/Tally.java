package dev.flover.app.batch.files;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.http.jobs.Outcome;

/// Counts of a job's written lines, over all runs of the command.
///
/// @param cached       answers that came from the pipeline's response cache
/// @param tokensIn     tokens of the prompts of all answers
/// @param tokensCached tokens of the prompts of cached answers
/// @param tokensOut    tokens of all answers
/// @param runMs        milliseconds in which the command ran
public record Tally(
        @JsonProperty("answered") long answered,
        @JsonProperty("failed") long failed,
        @JsonProperty("cached") long cached,
        @JsonProperty("tokens_in") long tokensIn,
        @JsonProperty("tokens_cached") long tokensCached,
        @JsonProperty("tokens_out") long tokensOut,
        @JsonProperty("run_ms") long runMs) {
    static final Tally NOTHING = new Tally(0, 0, 0, 0, 0, 0, 0);

    public Tally plus(Outcome outcome) {
        return outcome.failed()
                ? new Tally(answered, failed + 1, cached, tokensIn, tokensCached, tokensOut, runMs)
                : new Tally(answered + 1, failed, cached + (outcome.cached() ? 1 : 0),
                        tokensIn + outcome.promptTokens(),
                        tokensCached + (outcome.cached() ? outcome.promptTokens() : 0),
                        tokensOut + outcome.completionTokens(), runMs);
    }

    public Tally after(long ms) {
        return new Tally(answered, failed, cached, tokensIn, tokensCached, tokensOut, runMs + ms);
    }

    public long written() {
        return answered + failed;
    }
}
