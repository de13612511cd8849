package dev.flover.app.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;

/// How what was read differs from what was promised. All zero but the first two where the promise was kept.
///
/// @param tokens               that were read with their transactions committed
/// @param gaps                 positions that never came, or not in their order
/// @param repeats              positions that came again
/// @param differingTexts       generations whose text, all chunks together, is another one
/// @param differingEnds        ends whose reason, stop string or usage is another one
/// @param strangers            records of requests that nobody sent
/// @param contradictions       tokens that a reader of uncommitted records saw and that are not the answer's
/// @param unreadable           generations whose text a reader gets wrong though it drops positions it has seen
record Findings(
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
        return new Findings(
                generations + other.generations, tokens + other.tokens, gaps + other.gaps, repeats + other.repeats,
                differingTokens + other.differingTokens, differingTexts + other.differingTexts,
                differingLogprobs + other.differingLogprobs, differingEnds + other.differingEnds,
                missingTerminals + other.missingTerminals, doubleTerminals + other.doubleTerminals,
                missingResults + other.missingResults, doubleResults + other.doubleResults,
                differingResults + other.differingResults, deadLetters + other.deadLetters,
                strangers + other.strangers, contradictions + other.contradictions, unreadable + other.unreadable);
    }

    /// Whether nothing was lost, nothing said twice and nothing said otherwise.
    boolean isClean() {
        return gaps + repeats + differingTokens + differingTexts + differingLogprobs + differingEnds + missingTerminals
                + doubleTerminals + missingResults + doubleResults + differingResults + deadLetters + strangers
                + contradictions + unreadable == 0;
    }
}
