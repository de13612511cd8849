package dev.flover.engine.sampling;

import io.soabase.recordbuilder.core.RecordBuilder;

/// How the next token of a sequence is drawn. The settings are applied in the order of the parameters below.
///
/// @param repetitionPenalty divides positive logits, and multiplies negative ones, of the tokens in prompt or answer
///                          (Keskar et al. 2019); 1 for none, in (0, 10]
/// @param presencePenalty   subtracted once from the logit of every token that is in the answer, in [-2, 2]
/// @param frequencyPenalty  subtracted once for each occurrence of the token in the answer, in [-2, 2]
/// @param temperature       divides the logits, at most 10; 0 means greedy
/// @param topK              keeps the k most probable tokens; 0 keeps all
/// @param topP              keeps the smallest set of tokens whose probability reaches this value, in (0, 1]
/// @param minP              keeps the tokens with at least this fraction of the greatest probability, in [0, 1]
/// @param topNSigma         keeps the tokens whose logit is at most this many standard deviations of the logits below
///                          the greatest, whatever the temperature (Tang et al. 2024, arXiv 2411.07641), at most 100;
///                          0 keeps all
/// @param typicalP          locally typical sampling (Meister et al. 2022), in (0, 1]; 1 for off
/// @param seed              determines the draw, together with the answer index and the position
/// @param topLogprobs       the number of alternatives to report for each token, at most 20; -1 reports no logprobs
/// @param logitBias         added to logits before anything else; empty for none
/// @param allowedOnly       if not empty, only these token ids can be drawn
/// @param minTokens         end-of-text and stop ids cannot be drawn before the answer has this many tokens
@RecordBuilder
public record SamplingParams(
        float repetitionPenalty,
        float presencePenalty,
        float frequencyPenalty,
        float temperature,
        int topK,
        float topP,
        float minP,
        float topNSigma,
        float typicalP,
        long seed,
        int topLogprobs,
        LogitBias logitBias,
        TokenSet allowedOnly,
        int minTokens) implements SamplingParamsBuilder.With {

    public SamplingParams {
        SamplingOption.REPETITION_PENALTY.require(repetitionPenalty);
        SamplingOption.PRESENCE_PENALTY.require(presencePenalty);
        SamplingOption.FREQUENCY_PENALTY.require(frequencyPenalty);
        SamplingOption.TEMPERATURE.require(temperature);
        SamplingOption.TOP_K.require(topK);
        SamplingOption.TOP_P.require(topP);
        SamplingOption.MIN_P.require(minP);
        SamplingOption.TOP_N_SIGMA.require(topNSigma);
        SamplingOption.TYPICAL_P.require(typicalP);
        require(topLogprobs >= -1 && topLogprobs <= 20, "topLogprobs", "[-1, 20]", topLogprobs);
        require(minTokens >= 0, "minTokens", "[0, maxTokens]", minTokens);
    }

    /// Draws the most probable token each time.
    public static SamplingParams greedy() {
        return SamplingParamsBuilder.builder().repetitionPenalty(1).topP(1).typicalP(1).topLogprobs(-1)
                .logitBias(LogitBias.NONE).allowedOnly(TokenSet.EMPTY).build();
    }

    /// Samples from the softmax at a temperature, without filters and penalties.
    public static SamplingParams sampled(float temperature, long seed) {
        return greedy().with(s -> s.temperature(temperature).seed(seed));
    }

    /// Whether penalties are on, so that the draw depends on which tokens came before.
    public boolean penalises() {
        return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
    }

    private static void require(boolean holds, String field, String range, int value) {
        if (!holds) {
            throw new IllegalArgumentException(field + " must be in " + range + ", was " + value);
        }
    }
}
