package dev.flover.engine.api;

import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import io.soabase.recordbuilder.core.RecordBuilder;

/// What the engine needs to know to continue one answer from where it stands.
///
/// The tokens that follow depend on this, the model file and the arithmetic only. Prompt and generated ids are kept
/// apart because penalties, limits and logprobs treat them differently; to the model they are one text.
///
/// @param promptIds    at least one token id
/// @param generatedIds what the answer already consists of: empty at first, the durable tokens after a restart
/// @param sampling     how the next token is drawn
/// @param answerIndex  which of the request's answers this is, from 0; part of the key of every random draw
/// @param maxTokens    the answer ends with [FinishReason#LENGTH] at this many tokens, generated ids included
/// @param stopIds      tokens that end the answer and belong to it; the model's end-of-text ids are among them unless
///                     the client asked to ignore those
/// @param priority     higher computes first
/// @param alone        computed in steps with no other sequence: how a suspect of a crash is tried again
/// @param promptLogprobs what to report of the prompt itself; such a prompt is computed, never taken from shared blocks
/// @param constraint   what the answer has to fit, or null: its tokens are drawn among those that fit
@RecordBuilder
public record SequenceRequest(
        int[] promptIds,
        int[] generatedIds,
        SamplingParams sampling,
        int answerIndex,
        int maxTokens,
        TokenSet stopIds,
        int priority,
        boolean alone,
        PromptLogprobs promptLogprobs,
        Constraint constraint) implements SequenceRequestBuilder.With {

    public SequenceRequest {
        if (promptIds.length == 0) {
            throw new IllegalArgumentException("a prompt needs at least one token");
        }
        if (maxTokens < 1) {
            throw new IllegalArgumentException("maxTokens must be at least 1, was " + maxTokens);
        }
        if (generatedIds.length >= maxTokens) {
            throw new IllegalArgumentException("nothing is left to generate: " + generatedIds.length
                    + " tokens exist and maxTokens is " + maxTokens);
        }
        if (answerIndex < 0) {
            throw new IllegalArgumentException("answerIndex must not be negative, was " + answerIndex);
        }
    }

    /// A first answer, computed beside others, that has to fit nothing and reports nothing of its prompt.
    public static SequenceRequest of(int[] promptIds, SamplingParams sampling, int maxTokens, TokenSet stopIds) {
        return SequenceRequestBuilder.builder().promptIds(promptIds).generatedIds(new int[0]).sampling(sampling)
                .maxTokens(maxTokens).stopIds(stopIds).promptLogprobs(PromptLogprobs.NONE).build();
    }
}
