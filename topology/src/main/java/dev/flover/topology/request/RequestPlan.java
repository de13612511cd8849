package dev.flover.topology.request;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import java.util.List;

/// The options by which a request is computed, with the model's or the pipeline's value for each option that the
/// request leaves out.
///
/// A pure function of the request, the model and the pipeline's limits, so that it is the same after a restart.
///
/// @param stopIds   the tokens that end an answer
/// @param maxTokens the most tokens of one answer
public record RequestPlan(SamplingParams sampling, TokenSet stopIds, int maxTokens) {
    private static final int NO_LOGPROBS = -1;

    /// @param maxTokens that one answer may have here
    /// @throws IllegalArgumentException if a value is out of its range, naming it
    public static RequestPlan of(GenerationRequest request, int promptTokens, Model model, int maxTokens) {
        var stopIds = TokenSet.of(TokenIds.array(request.getStopIds()));
        if (!request.getIgnoreEos()) {
            stopIds = union(stopIds, model.endOfText());
        }
        int room = Math.max(1, model.config().contextLength() - promptTokens);
        int asked = request.getMaxTokens() == null ? room : request.getMaxTokens();
        return new RequestPlan(
                sampling(request, defaults(model)), stopIds, Math.min(asked, maxTokens));
    }

    /// The request for the first answer, as the engine takes it.
    public SequenceRequest sequence(int[] promptIds) {
        return SequenceRequest.of(promptIds, sampling, maxTokens, stopIds);
    }

    /// Values for options that a request leaves out: the model publisher's, else plain sampling.
    private static SamplingParams defaults(Model model) {
        return model.samplingDefaults() == null ? SamplingParams.sampled(1, 0) : model.samplingDefaults();
    }

    private static SamplingParams sampling(GenerationRequest request, SamplingParams defaults) {
        var sampling = request.getSampling();
        return SamplingParams.greedy().with(s -> s
                .repetitionPenalty(orElse(sampling.getRepetitionPenalty(), defaults.repetitionPenalty()))
                .presencePenalty(orElse(sampling.getPresencePenalty(), defaults.presencePenalty()))
                .frequencyPenalty(orElse(sampling.getFrequencyPenalty(), defaults.frequencyPenalty()))
                .temperature(orElse(sampling.getTemperature(), defaults.temperature()))
                .topK(sampling.getTopK() == null ? defaults.topK() : sampling.getTopK())
                .topP(orElse(sampling.getTopP(), defaults.topP()))
                .minP(orElse(sampling.getMinP(), defaults.minP()))
                .typicalP(orElse(sampling.getTypicalP(), defaults.typicalP()))
                .seed(request.getSeed() == null ? SeedOfId.of(request.getId()) : request.getSeed())
                .topLogprobs(request.getLogprobs() == null ? NO_LOGPROBS : request.getLogprobs())
                .logitBias(logitBias(sampling)).allowedOnly(TokenSet.of(TokenIds.array(sampling.getAllowedIds())))
                .minTokens(request.getMinTokens()));
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

    private static TokenSet union(TokenSet a, TokenSet b) {
        int[] both = new int[a.tokens().length + b.tokens().length];
        System.arraycopy(a.tokens(), 0, both, 0, a.tokens().length);
        System.arraycopy(b.tokens(), 0, both, a.tokens().length, b.tokens().length);
        return TokenSet.of(both);
    }

    private static float orElse(Float value, float fallback) {
        return value == null ? fallback : value;
    }
}
