package dev.flover.app.batch;

import dev.flover.app.batch.files.JobLedger;
import dev.flover.app.terminal.StopSignal;
import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.ResultsReader;
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
    private static final long PATIENCE_NANOS = Duration.ofSeconds(10).toNanos();

    private final Feed feed;
    private final ResultsReader results;
    private final JobLedger ledger;
    private final AnswerLines answers;
    private final StopSignal stop;
    private final long deadlineMs;
    private final Consumer<String> say;
    private long answeredNanos = System.nanoTime();
    private boolean impatient;
    private boolean expired;

    /// @param deadlineMs ms since 1970; [Long#MAX_VALUE] for none
    BatchRun(Feed feed, ResultsReader results, JobLedger ledger, AnswerLines answers, StopSignal stop, long deadlineMs,
            Consumer<String> say) {
        this.feed = feed;
        this.results = results;
        this.ledger = ledger;
        this.answers = answers;
        this.stop = stop;
        this.deadlineMs = deadlineMs;
        this.say = say;
    }

    /// @return whether all lines are done; false if a signal stopped the command
    boolean run() {
        results.seek(ledger.progress().offsets());
        catchUp();
        while (!stop.isRaised()) {
            feed.feed();
            results.poll(POLL, this::take);
            if (feed.isOver()) {
                ledger.goOn(0);
                ledger.record(true);
                return true;
            }
            ledger.goOn(feed.live());
            expire();
            sayIfNobodyAnswers();
        }
        ledger.record(false);
        return false;
    }

    private void catchUp() {
        Map<Integer, Long> ends = results.ends();
        while (!stop.isRaised() && isBefore(ends)) {
            results.poll(POLL, this::take);
        }
    }

    private boolean isBefore(Map<Integer, Long> ends) {
        var positions = results.positions();
        return ends.entrySet().stream()
                .anyMatch(end -> positions.getOrDefault(end.getKey(), 0L) < end.getValue());
    }

    private void take(GenerationResult result, int partition, long offset) {
        long line = answers.lineOf(result.getRequestId());
        if (line > 0 && !ledger.outcomes().isKnown(line)) {
            ledger.outcomes().add(answers.outcome(result, partition, offset));
            answeredNanos = System.nanoTime();
        }
        feed.ended(line);
    }

    private void expire() {
        if (!expired && System.currentTimeMillis() >= deadlineMs) {
            expired = true;
            say.accept("the deadline has passed: what is not answered yet is cancelled");
            feed.expire();
        }
    }

    private void sayIfNobodyAnswers() {
        if (!impatient && feed.live() > 0 && System.nanoTime() - answeredNanos > PATIENCE_NANOS) {
            impatient = true;
            say.accept("requests are written and not answered; does a pipeline run (`flover up`)? "
                    + "Ctrl-C stops the command, and the same command goes on with the job");
        }
    }
}
