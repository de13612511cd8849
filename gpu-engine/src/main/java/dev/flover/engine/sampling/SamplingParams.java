package dev.flover.engine.sampling;

import io.soabase.recordbuilder.core.RecordBuilder;

/// How the next token of a sequence is drawn. Applied in the order of the parameters below.
///
/// @param repetitionPenalty divides positive logits of tokens seen in prompt or answer and multiplies negative ones
///                          (Keskar et al. 2019); 1 is none, in (0, 10]
/// @param presencePenalty   subtracted once from the logit of every token already in the answer, in [-2, 2]
/// @param frequencyPenalty  subtracted per occurrence in the answer, in [-2, 2]
/// @param temperature       0 means greedy; otherwise divides the logits, at most 10
/// @param topK              keep the k most probable tokens; 0 keeps all
/// @param topP              keep the smallest set of tokens whose probability reaches this, in (0, 1]
/// @param minP              keep tokens at least this fraction as probable as the most probable one, in [0, 1]
/// @param typicalP          locally typical sampling (Meister et al. 2022); 1 is off, in (0, 1]
/// @param seed              with the answer index and the position, fully determines the draw
/// @param topLogprobs       how many alternatives to report beside each token; at most 20, and -1 reports no
///                          logprobs at all
/// @param logitBias         added to logits before anything else; empty for none
/// @param allowedOnly       when not empty, only these token ids may be drawn
/// @param minTokens         end-of-text and stop ids cannot be drawn before this many tokens
@RecordBuilder
public record SamplingParams(
        float repetitionPenalty,
        float presencePenalty,
        float frequencyPenalty,
        float temperature,
        int topK,
        float topP,
        float minP,
        float typicalP,
        long seed,
        int topLogprobs,
        LogitBias logitBias,
        TokenSet allowedOnly,
        int minTokens) implements SamplingParamsBuilder.With {

    public SamplingParams {
        require(repetitionPenalty > 0 && repetitionPenalty <= 10, "repetitionPenalty", "(0, 10]", repetitionPenalty);
        require(presencePenalty >= -2 && presencePenalty <= 2, "presencePenalty", "[-2, 2]", presencePenalty);
        require(frequencyPenalty >= -2 && frequencyPenalty <= 2, "frequencyPenalty", "[-2, 2]", frequencyPenalty);
        require(temperature >= 0 && temperature <= 10, "temperature", "[0, 10]", temperature);
        require(topK >= 0, "topK", "[0, vocabulary]", topK);
        require(topP > 0 && topP <= 1, "topP", "(0, 1]", topP);
        require(minP >= 0 && minP <= 1, "minP", "[0, 1]", minP);
        require(typicalP > 0 && typicalP <= 1, "typicalP", "(0, 1]", typicalP);
        require(topLogprobs >= -1 && topLogprobs <= 20, "topLogprobs", "[-1, 20]", topLogprobs);
        require(minTokens >= 0, "minTokens", "[0, maxTokens]", minTokens);
    }

    /// The most probable token each time.
    public static SamplingParams greedy() {
        return SamplingParamsBuilder.builder().repetitionPenalty(1).topP(1).typicalP(1).topLogprobs(-1)
                .logitBias(LogitBias.NONE).allowedOnly(TokenSet.EMPTY).build();
    }

    /// Plain sampling from the softmax at a temperature.
    public static SamplingParams sampled(float temperature, long seed) {
        return greedy().with(s -> s.temperature(temperature).seed(seed));
    }

    /// Whether the draw depends on the tokens that came before, beyond their effect on the logits.
    public boolean penalises() {
        return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
    }

    private static void require(boolean holds, String field, String range, Number value) {
        if (!holds) {      // conditions are written positively, so NaN fails them too
            throw new IllegalArgumentException(field + " must be in " + range + ", was " + value);
        }
    }
}
