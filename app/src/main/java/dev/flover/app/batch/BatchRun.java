package dev.flover.app.batch;

import dev.flover.app.batch.jobs.ResultsReader;
import dev.flover.app.options.CommandException;
import dev.flover.app.terminal.StopSignal;
import dev.flover.schemas.GenerationResult;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;

/// One run of the command: goes on with a job until all its lines are done, or until it is stopped.
///
/// ```
///   results since the last record ──► [ feed lines, take results, record ] until done
/// ```
///
/// The results that came since the last record are taken in before any line is sent, so that their lines are not sent
/// again.
final class BatchRun {
    private static final Duration POLL = Duration.ofMillis(50);
    private static final long RECORD_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long PATIENCE_NANOS = Duration.ofSeconds(10).toNanos();

    private final Parts parts;
    private final AnswerLines answers;
    private JobProgress progress;
    private Tally tally;
    private long talliedNanos = System.nanoTime();
    private long recordedNanos = System.nanoTime();
    private long answeredNanos = System.nanoTime();
    private boolean impatient;
    private boolean expired;

    /// @param maxErrors  null for no limit
    /// @param deadlineMs ms since 1970; [Long#MAX_VALUE] for none
    record Parts(BatchInput input, Feed feed, ResultsReader results, Outcomes outcomes, JobOutput output,
            BatchReport report, StopSignal stop, ErrorLimit maxErrors, long deadlineMs,
            Consumer<String> say) {}

    /// @param progress what was recorded of the job
    BatchRun(Parts parts, JobProgress progress) {
        this.parts = parts;
        this.progress = progress;
        this.tally = progress.tally();
        this.answers = new AnswerLines(parts.input().job());
    }

    /// Writes a line, and counts it. Called by [Outcomes].
    void write(Outcome outcome) {
        parts.output().write(outcome);
        tally = tally.plus(outcome);
    }

    /// @return whether all lines are done; false if a signal stopped the command
    boolean run() {
        parts.results().seek(progress.offsets());
        catchUp();
        while (!parts.stop().isRaised()) {
            parts.feed().feed();
            parts.results().poll(POLL, this::take);
            checkErrors();
            if (parts.feed().isOver()) {
                record(true);
                return true;
            }
            expire();
            if (System.nanoTime() - recordedNanos >= RECORD_NANOS) {
                record(false);
            }
            parts.report().show(tally, parts.feed().live());
            sayIfNobodyAnswers();
        }
        record(false);
        return false;
    }

    private void catchUp() {
        Map<Integer, Long> ends = parts.results().ends();
        while (!parts.stop().isRaised() && isBefore(ends)) {
            parts.results().poll(POLL, this::take);
        }
    }

    private boolean isBefore(Map<Integer, Long> ends) {
        var positions = parts.results().positions();
        return ends.entrySet().stream()
                .anyMatch(end -> positions.getOrDefault(end.getKey(), 0L) < end.getValue());
    }

    private void take(GenerationResult result, int partition, long offset) {
        long line = answers.lineOf(result.getRequestId());
        if (line > 0 && !parts.outcomes().isKnown(line)) {
            parts.outcomes().add(answers.outcome(result, partition, offset));
            answeredNanos = System.nanoTime();
        }
        parts.feed().ended(line);
    }

    private void checkErrors() {
        var limit = parts.maxErrors();
        if (limit != null && limit.isExceeded(tally.failed(), parts.input().lines())) {
            record(false);
            throw new CommandException("stopped, because " + tally.failed() + " of " + parts.input().lines()
                    + " lines failed, which is more than --max-errors " + limit.text() + "; the file of errors names "
                    + "the reasons. The same command with a higher limit goes on with the job");
        }
    }

    private void expire() {
        if (!expired && System.currentTimeMillis() >= parts.deadlineMs()) {
            expired = true;
            parts.say().accept("the deadline has passed: what is not answered yet is cancelled");
            parts.feed().expire();
        }
    }

    private void record(boolean finished) {
        long now = System.nanoTime();
        tally = tally.after((now - talliedNanos) / 1_000_000);
        talliedNanos = now;
        recordedNanos = now;
        var offsets = parts.outcomes().offsets(parts.results().positions());
        progress = progress.with(parts.output().answerBytes(), parts.output().errorBytes(), offsets,
                parts.outcomes().done(), tally, finished);
        parts.output().record(progress);
    }

    private void sayIfNobodyAnswers() {
        if (!impatient && parts.feed().live() > 0 && System.nanoTime() - answeredNanos > PATIENCE_NANOS) {
            impatient = true;
            parts.say().accept("requests are written and not answered; does a pipeline run (`flover up`)? "
                    + "Ctrl-C stops the command, and the same command goes on with the job");
        }
    }

    Tally tally() {
        return tally;
    }
}
