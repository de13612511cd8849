package dev.flover.benchmarks.delivery.check;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.soabase.recordbuilder.core.RecordBuilder;

/// The differences between the records that were read and the promise of delivery. If the promise was kept, all numbers
/// but the first two are 0.
///
/// @param tokens               committed tokens that were read
/// @param gaps                 positions that are missing or out of order
/// @param repeats              positions that came again
/// @param differingTexts       generations whose text, all chunks together, is wrong
/// @param differingEnds        last chunks with a wrong reason, stop string or usage
/// @param strangers            records for request ids that were never sent
/// @param contradictions       uncommitted tokens that differ from the expected answer
/// @param unreadable           generations whose text is wrong for a reader that drops positions it has seen
@RecordBuilder
@RecordBuilder.Options(enableWither = false)
public record Findings(
        @JsonProperty("generations") long generations,
        @JsonProperty("tokens") long tokens,
        @JsonProperty("gaps") long gaps,
        @JsonProperty("repeats") long repeats,
        @JsonProperty("differing_tokens") long differingTokens,
        @JsonProperty("differing_texts") long differingTexts,
        @JsonProperty("differing_logprobs") long differingLogprobs,
        @JsonProperty("differing_ends") long differingEnds,
        @JsonProperty("missing_terminals") long missingTerminals,
        @JsonProperty("double_terminals") long doubleTerminals,
        @JsonProperty("missing_results") long missingResults,
        @JsonProperty("double_results") long doubleResults,
        @JsonProperty("differing_results") long differingResults,
        @JsonProperty("dead_letters") long deadLetters,
        @JsonProperty("strangers") long strangers,
        @JsonProperty("contradictions") long contradictions,
        @JsonProperty("unreadable") long unreadable) {

    Findings plus(Findings other) {
        return FindingsBuilder.builder().generations(generations + other.generations)
                .tokens(tokens + other.tokens).gaps(gaps + other.gaps).repeats(repeats + other.repeats)
                .differingTokens(differingTokens + other.differingTokens)
                .differingTexts(differingTexts + other.differingTexts)
                .differingLogprobs(differingLogprobs + other.differingLogprobs)
                .differingEnds(differingEnds + other.differingEnds)
                .missingTerminals(missingTerminals + other.missingTerminals)
                .doubleTerminals(doubleTerminals + other.doubleTerminals)
                .missingResults(missingResults + other.missingResults)
                .doubleResults(doubleResults + other.doubleResults)
                .differingResults(differingResults + other.differingResults)
                .deadLetters(deadLetters + other.deadLetters).strangers(strangers + other.strangers)
                .contradictions(contradictions + other.contradictions).unreadable(unreadable + other.unreadable)
                .build();
    }

    /// Tells whether no token was lost, repeated or changed.
    public boolean isClean() {
        return gaps + repeats + differingTokens + differingTexts + differingLogprobs + differingEnds + missingTerminals
                + doubleTerminals + missingResults + doubleResults + differingResults + deadLetters + strangers
                + contradictions + unreadable == 0;
    }
}
