package dev.flover.engine.api;

import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import io.soabase.recordbuilder.core.RecordBuilder;
import org.jspecify.annotations.Nullable;

/// All that the engine needs to begin or continue one answer.
///
/// The tokens that follow depend only on this request, the model file and the backend's arithmetic. Prompt and
/// generated ids are separate because penalties, limits and logprobs treat them differently; for the model they are one
/// text.
///
/// @param promptIds    the token ids of the prompt, at least one
/// @param generatedIds the token ids that the answer already has: none at first, the durably stored ones after a
///                     restart
/// @param sampling     how the next token is drawn
/// @param answerIndex  the number of this answer among the request's answers, from 0; part of the key of every random
///                     draw
/// @param maxTokens    the answer ends with [FinishReason#LENGTH] at this many tokens, generated ids included
/// @param stopIds      the tokens that end the answer and belong to it; these include the model's end-of-text ids
///                     unless the client asked to ignore them
/// @param priority     sequences with a higher priority are computed first
/// @param background   whether the sequence is computed behind all that are not, whatever their priority, and waits for
///                     the steps that begin to compute their prompts
/// @param alone        whether the sequence is computed in steps without any other one, as a suspect of a crash is
/// @param promptLogprobs the prompt tokens to report; such a prompt is always computed, never taken from shared blocks
/// @param constraint   the form that the answer must have; null for none. Only tokens that it allows are drawn
@RecordBuilder
public record SequenceRequest(
        int[] promptIds,
        int[] generatedIds,
        SamplingParams sampling,
        int answerIndex,
        int maxTokens,
        TokenSet stopIds,
        int priority,
        boolean background,
        boolean alone,
        PromptLogprobs promptLogprobs,
        @Nullable Constraint constraint) implements SequenceRequestBuilder.With {

    public SequenceRequest {
        if (promptIds.length == 0) {
            throw new IllegalArgumentException("a prompt needs at least one token");
        }
        if (maxTokens < 1) {
            throw new IllegalArgumentException("maxTokens must be at least 1, was " + maxTokens);
        }
        if (generatedIds.length >= maxTokens) {
            throw new IllegalArgumentException("nothing is left to generate: " + generatedIds.length
                    + " tokens are already generated and maxTokens is " + maxTokens);
        }
        if (answerIndex < 0) {
            throw new IllegalArgumentException("answerIndex must not be negative, was " + answerIndex);
        }
    }

    /// The first answer of a request, without constraint, priority and prompt logprobs, computed together with other
    /// sequences.
    public static SequenceRequest of(int[] promptIds, SamplingParams sampling, int maxTokens, TokenSet stopIds) {
        return SequenceRequestBuilder.builder().promptIds(promptIds).generatedIds(new int[0]).sampling(sampling)
                .maxTokens(maxTokens).stopIds(stopIds).promptLogprobs(PromptLogprobs.NONE).build();
    }
}
