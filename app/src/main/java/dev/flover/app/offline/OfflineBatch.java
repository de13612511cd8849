package dev.flover.app.offline;

import dev.flover.app.batch.files.BatchInput;
import dev.flover.app.batch.files.JobLedger;
import dev.flover.app.terminal.StopSignal;
import dev.flover.engine.Engine;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.model.Model;
import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.Outcome;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.lines.BatchError;
import dev.flover.schemas.lines.BatchLine;
import dev.flover.schemas.lines.BatchLines;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.request.ChatPrompts;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.RequestCheck;
import java.time.Clock;
import java.util.Objects;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Answers the lines of a file with an engine in this process, and writes what the command `batch` would write for the
/// same file: requests are checked and planned by the pipeline's own classes.
final class OfflineBatch implements TokenSink {
    private static final AnswerLines.Defaults NONE = new AnswerLines.Defaults(null, "");

    private final BatchInput input;
    private final BatchLines lines;
    private final Model model;
    private final Engine engine;
    private final int mostLive;
    private final JobLedger ledger;
    private final AnswerLines form;
    private final RequestCheck check;
    private final Constraints constraints;
    private final Map<Long, Place> live = new HashMap<>();
    private final List<Long> stopped = new ArrayList<>();
    private boolean exhausted;

    /// The answer that a sequence computes.
    private record Place(long line, LineAnswers answers, int answer) {}

    /// @param mostLive the most sequences that the engine has been given
    /// @param served   the name that a pipeline would serve the model under
    OfflineBatch(BatchInput input, BatchLines lines, Model model, String served, Engine engine, int mostLive,
            JobLedger ledger) {
        this.input = input;
        this.lines = lines;
        this.model = model;
        this.engine = engine;
        this.mostLive = mostLive;
        this.ledger = ledger;
        form = new AnswerLines(input.job(), () -> served);
        check = new RequestCheck(model, RequestLimits.standard(),
                ChatPrompts.orRefusing(model, Clock.systemDefaultZone()));
        constraints = new Constraints(model.tokenizer(), tenant -> Runnable::run);
    }

    /// @return whether all lines are done; false if a signal stopped the command
    boolean run(StopSignal stop) {
        while (!stop.isRaised()) {
            admit();
            boolean computing = engine.step(this);
            stopped.forEach(engine::cancel);
            stopped.clear();
            ledger.goOn(live.size());
            if (!computing && exhausted && live.isEmpty()) {
                ledger.record(true);
                return true;
            }
        }
        ledger.record(false);
        return false;
    }

    private void admit() {
        while (!exhausted && live.size() < mostLive && ledger.outcomes().waiting() < 16 * mostLive) {
            var line = input.next(lines);
            if (line == null) {
                exhausted = true;
                return;
            }
            ledger.outcomes().read(line.number());
            if (!ledger.outcomes().isKnown(line.number())) {
                admit(line);
            }
        }
    }

    private void admit(BatchLine line) {
        switch (line) {
            case BatchLine.Bad bad -> fail(bad, bad.code(), bad.message(), null);
            case BatchLine.Good good when AnswerLines.unsupported(good.request()) != null ->
                    fail(good, "unsupported", Objects.requireNonNull(AnswerLines.unsupported(good.request())), null);
            case BatchLine.Good good when good.request().getSchemaSubject() != null -> fail(good, "unsupported",
                    "schema_subject needs a schema registry, which is not used here; give json_schema",
                    "schema_subject");
            case BatchLine.Good good -> admit(good, AnswerLines.marked(good, NONE));
        }
    }

    private void admit(BatchLine.Good line, GenerationRequest request) {
        switch (check.check(request.getId(), request)) {
            case RequestCheck.Verdict.Rejected rejected -> fail(line, "invalid_request",
                    rejected.fault().message(), rejected.fault().kind().getField());
            case RequestCheck.Verdict.Accepted accepted -> {
                switch (prepare(request)) {
                    case Constraints.Prepared.Refused refused ->
                            fail(line, "invalid_request", refused.message(), refused.field());
                    case Constraints.Prepared.Ready ready -> begin(line, request, accepted, ready.constraint());
                    case null -> begin(line, request, accepted, null);
                }
            }
        }
    }

    /// Returns the compiled constraint of a request; null if it has none.
    private Constraints.@Nullable Prepared prepare(GenerationRequest request) {
        var wish = check.wish(request, null);
        return wish == null ? null : constraints.prepare(wish).join();
    }

    private void begin(BatchLine.Good line, GenerationRequest request, RequestCheck.Verdict.Accepted accepted,
            @Nullable Constraint constraint) {
        var answers = new LineAnswers(request, accepted.promptIds(), check, model);
        try {
            for (int i = 0; i < answers.count(); i++) {
                live.put(engine.admit(answers.sequence(i, accepted.plan(), constraint)),
                        new Place(line.number(), answers, i));
            }
        } catch (IllegalArgumentException e) {      // all answers have the same size: the first one is refused
            fail(line, "invalid_request", e.getMessage(), null);
        }
    }

    private void fail(BatchLine line, String code, String message, @Nullable String param) {
        ledger.outcomes().add(Outcome.of(new BatchError(BatchLines.idOf(input.job(), line.number()), line.number(),
                line.customId(), code, message, param)));
    }

    @Override
    public void token(
            long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        var place = live.get(sequence);
        if (place != null && place.answers().token(place.answer(), tokenId)) {
            stopped.add(sequence);
            end(sequence, place);
        }
    }

    @Override
    public void finished(long sequence, FinishReason reason) {
        var place = live.get(sequence);
        if (place != null) {      // otherwise a stop string ended it
            place.answers().finish(place.answer(), reason);
            end(sequence, place);
        }
    }

    private void end(long sequence, Place place) {
        live.remove(sequence);
        if (place.answers().areEnded()) {
            ledger.outcomes().add(form.outcome(place.answers().result(engine), -1, -1));
        }
    }
}
