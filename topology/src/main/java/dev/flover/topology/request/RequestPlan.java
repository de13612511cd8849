package dev.flover.topology.request;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.GenerationRequest;

/// The options by which a request is computed, with the model's or the pipeline's value for each option that the
/// request leaves out.
///
/// A pure function of the request, the model and the pipeline's limits, so that it is the same after a restart.
///
/// @param stopIds   the tokens that end an answer
/// @param maxTokens the most tokens of one answer
public record RequestPlan(SamplingParams sampling, TokenSet stopIds, int maxTokens) {
    /// @throws IllegalArgumentException if a value is out of its range; the message names the field
    public static RequestPlan of(GenerationRequest request, int promptTokens, Model model, int maxTokens) {
        var stopIds = TokenSet.of(TokenIds.array(request.getStopIds()));
        if (!request.getIgnoreEos()) {
            stopIds = union(stopIds, model.endOfText());
        }
        int room = Math.max(1, model.config().contextLength() - promptTokens);
        int asked = request.getMaxTokens() == null ? room : request.getMaxTokens();
        return new RequestPlan(RequestSampling.of(request, model), stopIds, Math.min(asked, maxTokens));
    }

    /// The request as the engine takes it, for the first of its answers.
    public SequenceRequest sequence(int[] promptIds) {
        return SequenceRequest.of(promptIds, sampling, maxTokens, stopIds);
    }

    private static TokenSet union(TokenSet a, TokenSet b) {
        int[] both = new int[a.tokens().length + b.tokens().length];
        System.arraycopy(a.tokens(), 0, both, 0, a.tokens().length);
        System.arraycopy(b.tokens(), 0, both, a.tokens().length, b.tokens().length);
        return TokenSet.of(both);
    }
}
