package dev.flover.app.offline;

import dev.flover.app.batch.files.AnswerOrder;
import dev.flover.app.batch.files.BatchInput;
import dev.flover.app.batch.files.ErrorLimit;
import dev.flover.app.batch.files.JobFiles;
import dev.flover.app.batch.files.JobLedger;
import dev.flover.app.batch.files.JobOutput;
import dev.flover.app.batch.files.JobProgress;
import dev.flover.app.batch.files.SummaryOptions;
import dev.flover.app.options.CommandException;
import dev.flover.app.terminal.StopSignal;
import dev.flover.engine.Engine;
import dev.flover.engine.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options of `generate --requests` that write the answers to a file, exactly also after a kill.
final class FileOptions {
    /// The sequences that the engine holds, as a multiple of those that it computes at a time. The others are ready to
    /// begin when a sequence ends.
    private static final int GIVEN = 2;

    @Option(names = "--out", paramLabel = "OUT", description = "Write the answers to this file as `batch` does, skip "
            + "wrong lines (OUT.errors names them), and go on with the job when it is run again. The lines set all "
            + "options of the answers.")
    private @Nullable Path out;

    @Option(names = "--order", paramLabel = "ORDER", defaultValue = "done",
            description = "With --out, the order of the answers: done (as they come) or input. Default: "
                    + "${DEFAULT-VALUE}.")
    private AnswerOrder order = AnswerOrder.DONE;

    @Option(names = "--max-errors", paramLabel = "N|N%", description = "With --out, stop when more lines than this "
            + "have failed.")
    private @Nullable String maxErrors;

    @ArgGroup(validate = false)
    private SummaryOptions summary = new SummaryOptions();

    boolean areGiven() {
        return out != null;
    }

    /// Prepares a job; null if it is done, and its summary is printed.
    @Nullable Prepared prepare(CommandSpec spec, String requests, boolean json) {
        ErrorLimit limit;
        try {
            limit = maxErrors == null ? null : ErrorLimit.parse(maxErrors);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        var file = Objects.requireNonNull(out, "the command requires --out");
        var folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new CommandException("--out must be a file in an existing folder; there is no folder " + folder);
        }
        var files = JobFiles.of(file);
        var input = BatchInput.of(requests, files, List.of("", ""));
        var recorded = JobProgress.of(input, files);
        if (recorded != null && recorded.finished()) {
            try (var report = summary.report(spec, input, recorded.tally())) {
                summary.print(spec, report, recorded.tally(), true, files, json);
            }
            return null;
        }
        return new Prepared(files, input, recorded, limit, json);
    }

    /// A job that begins or goes on.
    ///
    /// @param recorded null if it begins
    record Prepared(JobFiles files, BatchInput input, @Nullable JobProgress recorded, @Nullable ErrorLimit limit,
            boolean json) {}

    /// @param served the name that a pipeline would serve the model under
    int run(CommandSpec spec, Prepared job, Model model, String served, Engine engine, int maxSequences) {
        var progress = job.recorded() != null ? job.recorded()
                : JobProgress.begin(job.input().job(), System.currentTimeMillis(), "", Map.of());
        try (var stop = StopSignal.install();
                var output = new JobOutput(job.files(), job.recorded());
                var lines = job.input().open();
                var report = summary.report(spec, job.input(), progress.tally())) {
            output.record(progress);
            var ledger = new JobLedger(job.input(), output, progress, order == AnswerOrder.INPUT, report, job.limit(),
                    Map::of);
            boolean finished = new OfflineBatch(job.input(), lines, model, served, engine,
                    GIVEN * maxSequences, ledger).run(stop);
            report.clear();
            if (!finished) {
                spec.commandLine().getErr().println("flover: stopped; the same command goes on with the job");
            }
            summary.print(spec, report, ledger.tally(), finished, job.files(), job.json());
            return finished ? ExitCode.OK : stop.exitCode();
        } catch (IOException e) {
            throw new CommandException("cannot close " + job.input().name() + ": " + CommandException.reason(e), e);
        }
    }
}
