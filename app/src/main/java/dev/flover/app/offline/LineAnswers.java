package dev.flover.app.offline;

import dev.flover.engine.Engine;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.AnswerText;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.OtherAnswer;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestPlan;
import dev.flover.topology.request.TokenIds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The answers to one line of a file, computed by an engine in this process, and the result that a pipeline would
/// write for them.
final class LineAnswers {
    private final GenerationRequest request;
    private final int[] promptIds;
    private final RequestCheck check;
    private final Model model;
    private final One[] answers;

    /// One answer.
    private static final class One {
        private final StringBuilder text = new StringBuilder();
        private final @Nullable AnswerText decoder;
        private int[] ids = new int[16];
        private int count;
        private @Nullable FinishReason reason;
        private String message = "";
        private @Nullable String stop;

        One(@Nullable AnswerText decoder) {
            this.decoder = decoder;
        }

        void end(FinishReason as, String why) {
            if (decoder != null) {
                text.append(decoder.finish());
            }
            reason = as;
            message = why;
            stopIfSaid();
        }

        void stopIfSaid() {
            if (decoder != null && decoder.stopped()) {
                reason = FinishReason.STOP;
                stop = decoder.stop();
                message = "";
            }
        }

        List<Integer> list() {
            return TokenIds.list(Arrays.copyOf(ids, count));
        }
    }

    LineAnswers(GenerationRequest request, int[] promptIds, RequestCheck check, Model model) {
        this.request = request;
        this.promptIds = promptIds;
        this.check = check;
        this.model = model;
        answers = new One[request.getAnswers()];
        for (int i = 0; i < answers.length; i++) {
            answers[i] = new One(model.tokenizer() == null ? null
                    : new AnswerText(model.tokenizer(), promptIds[promptIds.length - 1], request.getStop()));
            answers[i].text.append(request.getEcho() ? check.promptText(request, promptIds) : "");
        }
    }

    /// Returns the sequence of an answer.
    SequenceRequest sequence(int answer, RequestPlan plan, @Nullable Constraint constraint) {
        return plan.sequence(promptIds).with(r -> r.answerIndex(answer).constraint(constraint));
    }

    int count() {
        return answers.length;
    }

    /// Takes the next token of an answer.
    ///
    /// @return whether the answer ends with it, by a stop string
    boolean token(int answer, int id) {
        var one = answers[answer];
        if (one.count == one.ids.length) {
            one.ids = Arrays.copyOf(one.ids, 2 * one.count);
        }
        one.ids[one.count++] = id;
        if (one.decoder != null) {
            one.text.append(one.decoder.push(id));
        }
        one.stopIfSaid();
        return one.reason != null;
    }

    /// Ends an answer as the engine reports.
    void finish(int answer, dev.flover.engine.api.FinishReason reason) {
        switch (reason) {
            case STOP -> answers[answer].end(FinishReason.STOP, "");
            case LENGTH -> answers[answer].end(FinishReason.LENGTH, "");
            case NOT_FINITE -> answers[answer].end(FinishReason.ERROR, "the model computed logits that are not finite");
            case NOTHING_FITS -> answers[answer].end(FinishReason.ERROR,
                    "no token continues the answer within its constraint, or the constraint needs more memory than is "
                            + "allowed");
        }
    }

    boolean areEnded() {
        return Arrays.stream(answers).allMatch(one -> one.reason != null);
    }

    GenerationResult result(Engine engine) {
        var first = answers[0];
        var others = new ArrayList<OtherAnswer>();
        for (int i = 1; i < answers.length; i++) {
            var one = answers[i];
            others.add(new OtherAnswer(i, one.text.toString(), one.list(), one.reason, one.message, one.stop,
                    engine.arithmetic(), check.calls(request, i, Arrays.copyOf(one.ids, one.count))));
        }
        var now = Instant.now();
        return new GenerationResult(request.getId(), request.getTenant(), request.getConversation(),
                first.text.toString(), first.list(), first.reason, first.message, promptIds.length,
                Arrays.stream(answers).mapToInt(one -> one.count).sum(), model.fingerprint(), engine.arithmetic(), now,
                now, others, request.getMetadata(), first.stop, false,
                check.calls(request, 0, Arrays.copyOf(first.ids, first.count)), null);
    }
}
