package dev.flover.app.batch.files;

import dev.flover.app.options.CommandException;
import dev.flover.http.jobs.Outcome;
import java.time.Duration;
import java.util.BitSet;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Writes the outcomes of one run of a job, counts them, and records from time to time how far the job is.
public final class JobLedger {
    private static final long RECORD_NANOS = Duration.ofSeconds(1).toNanos();

    private final BatchInput input;
    private final JobOutput output;
    private final BatchReport report;
    private final @Nullable ErrorLimit maxErrors;
    private final Outcomes outcomes;
    private final Supplier<Map<Integer, Long>> offsets;
    private JobProgress progress;
    private Tally tally;
    private long talliedNanos = System.nanoTime();
    private long recordedNanos = System.nanoTime();

    /// @param progress  what was recorded of the job
    /// @param maxErrors null for no limit
    /// @param offsets   returns the offsets behind the results that were read; empty if results are not records
    public JobLedger(BatchInput input, JobOutput output, JobProgress progress, boolean inOrder, BatchReport report,
            @Nullable ErrorLimit maxErrors, Supplier<Map<Integer, Long>> offsets) {
        this.input = input;
        this.output = output;
        this.progress = progress;
        this.report = report;
        this.maxErrors = maxErrors;
        this.offsets = offsets;
        tally = progress.tally();
        outcomes = new Outcomes(inOrder, progress.doneLines(), this::write);
    }

    /// Returns the outcomes, which this object writes.
    public Outcomes outcomes() {
        return outcomes;
    }

    private void write(Outcome outcome) {
        output.write(outcome);
        tally = tally.plus(outcome);
    }

    /// Records the state of the job, if the last time is a second ago, and shows it.
    ///
    /// @param live number of lines under way
    /// @throws CommandException if more lines have failed than are allowed
    public void goOn(int live) {
        if (maxErrors != null && maxErrors.isExceeded(tally.failed(), input.lines())) {
            record(false);
            throw new CommandException("stopped, because " + tally.failed() + " of " + input.lines()
                    + " lines failed, which is more than --max-errors " + maxErrors.text() + "; the file of errors "
                    + "names the reasons. The same command with a higher limit goes on with the job");
        }
        if (System.nanoTime() - recordedNanos >= RECORD_NANOS) {
            record(false);
        }
        report.show(tally, live);
    }

    /// Records the state of the job.
    ///
    /// @param finished whether all lines are done
    public void record(boolean finished) {
        long now = System.nanoTime();
        tally = tally.after((now - talliedNanos) / 1_000_000);
        talliedNanos = now;
        recordedNanos = now;
        BitSet done = outcomes.done();
        progress = progress.with(output.answerBytes(), output.errorBytes(), outcomes.offsets(offsets.get()), done,
                tally, finished);
        output.record(progress);
    }

    public Tally tally() {
        return tally;
    }

    public JobProgress progress() {
        return progress;
    }
}
