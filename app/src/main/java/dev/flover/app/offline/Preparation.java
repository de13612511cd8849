package dev.flover.app.offline;

import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.AnswerText;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.request.ChatPrompts;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.Constraints.Prepared;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.TokenIds;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/// Checks the requests of `generate` against one model by the rules of pipelines, and compiles their constraints.
final class Preparation {
    private static final int NONE = Integer.MAX_VALUE;
    private static final RequestLimits ONE_ANSWER = RequestLimits.standard().with(limits -> limits
            .requestBytes(NONE).answers(1).tokens(NONE).stopStrings(NONE).stopLength(NONE).tokenBiases(NONE));

    private final Model model;
    private final RequestCheck check;
    private final Constraints constraints;

    /// @param conversations whether any request has messages, so that the model's chat template is needed
    Preparation(Model model, boolean conversations) {
        this.model = model;
        check = new RequestCheck(model, ONE_ANSWER,
                conversations ? ChatPrompts.orRefusing(model, Clock.systemDefaultZone()) : null);
        constraints = new Constraints(model.tokenizer(), tenant -> Runnable::run);
    }

    /// Returns the answer to a request, without tokens yet.
    ///
    /// @throws IllegalArgumentException if the request cannot be served; the message names the field
    Answer prepare(PlacedRequest placed) {
        var request = withTokensOfAnEmptyPrompt(placed.request());
        return switch (check.check(request.getId(), request)) {
            case RequestCheck.Verdict.Rejected(var fault) -> throw new IllegalArgumentException(fault.message());
            case RequestCheck.Verdict.Accepted accepted -> {
                int[] prompt = accepted.promptIds();
                var decoder = model.tokenizer() == null ? null
                        : new AnswerText(model.tokenizer(), prompt[prompt.length - 1], request.getStop());
                yield new Answer(placed, prompt, accepted.plan().sequence(prompt).withConstraint(constraint(request)),
                        decoder, ids -> ToolCallLine.of(check.calls(request, 0, ids)));
            }
        };
    }

    /// An empty prompt is the model's mark for the beginning of a text. (In a pipeline it is a mistake.)
    private GenerationRequest withTokensOfAnEmptyPrompt(GenerationRequest request) {
        if (model.tokenizer() == null || !"".equals(request.getPrompt())) {
            return request;
        }
        return GenerationRequest.newBuilder(request).setPrompt(null)
                .setPromptIds(TokenIds.list(model.tokenizer().encodePrompt(""))).build();
    }

    /// Returns the constraint of the request's answer; null if it has none.
    private @Nullable Constraint constraint(GenerationRequest request) {
        var wish = check.wish(request, null);
        if (wish == null) {
            return null;
        }
        return switch (constraints.prepare(wish).join()) {
            case Prepared.Ready ready -> ready.constraint();
            case Prepared.Refused refused -> throw new IllegalArgumentException(refused.message());
        };
    }
}
