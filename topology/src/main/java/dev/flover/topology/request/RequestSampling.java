package dev.flover.topology.request;

import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingOption;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;

/// Translates the sampling options of a request to the engine's sampling parameters.
final class RequestSampling {
    private static final int NO_LOGPROBS = -1;

    private RequestSampling() {}

    /// The sampling parameters of a request. An option that the request leaves out has the value of the model's
    /// publisher, or else that of plain sampling at temperature 1.
    ///
    /// @throws IllegalArgumentException if a value is out of its range; the message names the field
    public static SamplingParams of(GenerationRequest request, Model model) {
        var suggested = model.samplingDefaults();
        var defaults = suggested == null ? SamplingParams.sampled(1, 0) : suggested;
        var sampling = request.getSampling();
        return defaults.with(params -> {
            for (var option : SamplingOption.values()) {
                var value = given(sampling, option);
                if (value != null) {
                    option.set(params, value);
                }
            }
            params.seed(request.getSeed() == null ? SeedOfId.of(request.getId()) : request.getSeed())
                    .topLogprobs(request.getLogprobs() == null ? NO_LOGPROBS : request.getLogprobs())
                    .logitBias(logitBias(sampling))
                    .allowedOnly(TokenSet.of(TokenIds.array(sampling.getAllowedIds())))
                    .minTokens(request.getMinTokens());
        });
    }

    /// The value of an option in a record; null where the request leaves it out.
    static Number given(Sampling sampling, SamplingOption option) {
        return (Number) sampling.get(option.field());
    }

    private static LogitBias logitBias(Sampling sampling) {
        var biases = sampling.getLogitBias().stream()
                .sorted((a, b) -> Integer.compare(a.getTokenId(), b.getTokenId()))
                .toList();
        int[] tokens = new int[biases.size()];
        float[] values = new float[biases.size()];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = biases.get(i).getTokenId();
            values[i] = biases.get(i).getBias();
        }
        return tokens.length == 0 ? LogitBias.NONE : new LogitBias(tokens, values);
    }
}
