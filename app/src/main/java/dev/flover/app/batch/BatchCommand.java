package dev.flover.app.batch;

import dev.flover.app.batch.files.AnswerOrder;
import dev.flover.app.batch.files.BatchInput;
import dev.flover.app.batch.files.ErrorLimit;
import dev.flover.app.batch.files.JobFiles;
import dev.flover.app.batch.files.JobLedger;
import dev.flover.app.batch.files.JobOutput;
import dev.flover.app.batch.files.JobProgress;
import dev.flover.app.batch.files.SummaryOptions;
import dev.flover.app.client.Requests;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.OptionRange;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.terminal.StopSignal;
import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.ResultsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `batch`: answers a file of requests.
@Command(
        name = "batch",
        modelTransformer = SettingOptions.OfClients.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        subcommandsRepeatable = false,
        subcommands = {BatchSubmitCommand.class, BatchFollowCommand.class, BatchListCommand.class,
            BatchStatusCommand.class, BatchOrderCommands.Pause.class, BatchOrderCommands.Resume.class,
            BatchOrderCommands.Cancel.class, BatchRemoveCommand.class},
        description = "Answers a file of requests, one a line, and writes each answer once. After a kill at any "
                + "moment, the same command goes on with the job.",
        footer = {"", "@|bold Lines|@ are in OpenAI's batch form (custom_id, method, url, body), or requests:",
            "  {\"id\": \"a\", \"prompt\": \"Once upon a time\", \"max_tokens\": 60}",
            "A line that cannot be answered goes to OUT.errors with its number and the reason.",
            "OUT.progress records the state of the job; the page docs/use/batch.md explains it."})
public final class BatchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", arity = "0..1", description = "The file of requests; - is standard "
            + "input, which is copied to "
            + "OUT.input first.")
    private @Nullable String file;

    @Option(names = "--out", paramLabel = "OUT", description = "The file of answers.")
    private @Nullable Path out;

    @Option(names = "--order", paramLabel = "ORDER", defaultValue = "done",
            description = "Order of the answers: done (as they come) or input. Default: ${DEFAULT-VALUE}.")
    private AnswerOrder order;

    @Option(names = "--live", paramLabel = "N", defaultValue = "1024",
            description = "Most lines that are sent and not answered yet. Default: ${DEFAULT-VALUE}.")
    private int live;

    @Option(names = "--max-errors", paramLabel = "N|N%", description = "Stop when more lines than this have failed.")
    private @Nullable String maxErrors;

    @Mixin
    private LineOptions ofLines;

    @Mixin
    private SummaryOptions summary;

    @Option(names = "--json", description = "Write the summary as one JSON object.")
    private boolean json;

    private JobFiles files;

    @Override
    public Integer call() {
        if (file == null || out == null) {
            throw new ParameterException(spec.commandLine(), missing());
        }
        OptionRange.check(spec, "--live", live, 1, 100_000);
        var limit = limit();
        var time = ofLines.deadline();
        files = JobFiles.of(out);
        var folder = out.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new CommandException("--out must be a file in an existing folder; there is no folder " + folder);
        }
        if (out.toAbsolutePath().normalize().equals(Path.of(file).toAbsolutePath().normalize())) {
            throw new CommandException("--out must be another file than the file of requests, found " + out
                    + " for both");
        }
        var input = BatchInput.of(file, files, ofLines.ofRequests());
        if (input.lines() == 0) {
            throw new CommandException(file + " has no line; expected one request a line");
        }
        var recorded = JobProgress.of(input, files);
        if (recorded != null && recorded.finished()) {
            try (var report = summary.report(spec, input, recorded.tally())) {
                summary.print(spec, report, recorded.tally(), true, files, json);
            }
            return ExitCode.OK;
        }
        return run(input, recorded, limit, time);
    }

    private String missing() {
        if (file == null) {
            return "the file of requests is missing, or a subcommand";
        }
        return file.equals("-") || Files.exists(Path.of(file)) ? "--out is missing, the file of answers"
                : "there is no file " + file + ", and no subcommand of this name";
    }

    private @Nullable ErrorLimit limit() {
        try {
            return maxErrors == null ? null : ErrorLimit.parse(maxErrors);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private int run(BatchInput input, @Nullable JobProgress recorded, @Nullable ErrorLimit limit,
            @Nullable Duration time) {
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        String topic = target.topics().results();
        var access = HttpSettings.access(target.connection(), target.topics());
        try (var stop = StopSignal.install();
                var results = new ResultsReader(access, input.job() + "-");
                var output = new JobOutput(files, recorded);
                var lines = input.open();
                var requests = Requests.ofMany(target.connection(), target.topics().requests())) {
            var progress = recorded != null ? recorded
                    : JobProgress.begin(input.job(), System.currentTimeMillis(), topic, results.ends());
            if (!progress.topic().equals(topic)) {
                throw new CommandException("the job reads the results topic " + progress.topic() + ", found " + topic
                        + "; give the topics that it began with");
            }
            output.record(progress);
            long deadlineMs = time == null ? Long.MAX_VALUE : progress.startedMs() + time.toMillis();
            try (var report = summary.report(spec, input, progress.tally())) {
                var ledger = new JobLedger(input, output, progress, order == AnswerOrder.INPUT, report, limit,
                        results::positions);
                var feed = new LineFeed(input, lines, requests, ledger.outcomes(), ofLines.defaults(), live,
                        this::say);
                boolean finished = new BatchRun(feed, results, ledger,
                        new AnswerLines(input.job(), () -> JobsAccess.defaultModel(access)), stop, deadlineMs,
                        this::say).run();
                report.clear();
                if (!finished) {
                    say("stopped; the same command goes on with the job");
                }
                summary.print(spec, report, ledger.tally(), finished, files, json);
                return finished ? ExitCode.OK : stop.exitCode();
            }
        } catch (IOException e) {
            throw new CommandException("cannot close " + file + ": " + CommandException.reason(e), e);
        }
    }

    private void say(String sentence) {
        spec.commandLine().getErr().println("flover: " + sentence);
        spec.commandLine().getErr().flush();
    }
}
