package dev.flover.app.batch;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.batch.files.BatchInput;
import dev.flover.app.batch.files.JobFiles;
import dev.flover.app.batch.files.JobLedger;
import dev.flover.app.batch.files.JobOutput;
import dev.flover.app.batch.files.JobProgress;
import dev.flover.app.batch.files.SummaryOptions;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.terminal.StopSignal;
import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.jobs.JobsView;
import dev.flover.http.jobs.Outcome;
import dev.flover.http.jobs.ResultsReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `batch follow`: writes the answers of a job to a file, and shows how far it is.
@Command(
        name = "follow",
        modelTransformer = SettingOptions.OfClients.class,
        sortOptions = false,
        description = "Writes the answers of a submitted job, each once, until the job has ended. May be stopped and "
                + "started again; the job goes on without it.")
final class BatchFollowCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "JOB", description = "The job's id, as `batch submit` prints it.")
    private String job;

    @Option(names = "--out", required = true, paramLabel = "OUT", description = "The file of answers.")
    private Path out;

    @Mixin
    private SummaryOptions summary;

    @Option(names = "--json", description = "Write the summary as one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        var files = JobFiles.of(out);
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        String topic = target.topics().results();
        var access = HttpSettings.access(target.connection(), target.topics());
        try (var client = new JobsClient(access)) {
            var known = client.job(job);
            var recorded = JobProgress.read(files.progress());
            if (recorded != null && !recorded.job().equals(job)) {
                throw new CommandException(files.progress() + " belongs to another job, " + recorded.job()
                        + "; give another --out");
            }
            var progress = recorded != null ? recorded
                    : JobProgress.begin(job, known.job().createdMs(), topic, known.job().span().resultsFrom());
            var answers = new AnswerLines(job, () -> known.job().model() != null ? known.job().model()
                    : JobsAccess.defaultModel(access));
            try (var stop = StopSignal.install();
                    var results = new ResultsReader(access, job + "-");
                    var output = new JobOutput(files, recorded)) {
                return follow(client, known, answers, progress, files, results, output, stop);
            }
        }
    }

    private int follow(JobsClient client, JobsView.Known known, AnswerLines answers, JobProgress progress,
            JobFiles files, ResultsReader results, JobOutput output, StopSignal stop) {
        output.record(progress);
        var input = new BatchInput(known.job().name(), null, job, known.job().span().all());
        try (var report = summary.report(spec, input, progress.tally())) {
            var ledger = new JobLedger(input, output, progress, false, report, null, results::positions);
            var feed = new FollowedJob(client, results, ledger.outcomes(),
                    error -> ledger.outcomes().add(wrongLine(error)), known);
            boolean finished = new BatchRun(feed, results, ledger, answers, stop, Long.MAX_VALUE, this::say).run();
            report.clear();
            var state = feed.known().state();
            if (!finished) {
                say("stopped; the job goes on without this command");
            } else if (!state.message().isEmpty()) {
                say("the job has ended: " + state.message());
            }
            summary.print(spec, report, ledger.tally(), finished, files, json);
            return finished ? ExitCode.OK : stop.exitCode();
        }
    }

    private static Outcome wrongLine(byte[] error) {
        try {
            long line = new ObjectMapper().readTree(error).get("error").get("line").asLong();
            return Outcome.unanswered(line, error);
        } catch (IOException e) {
            throw new UncheckedIOException("a record of the lines topic is not an error of a wrong line", e);
        }
    }

    private void say(String sentence) {
        spec.commandLine().getErr().println("flover: " + sentence);
        spec.commandLine().getErr().flush();
    }
}
