package dev.flover.app.batch;

import dev.flover.app.batch.files.BatchInput;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import dev.flover.app.settings.SettingOptions;
import dev.flover.http.jobs.AnswerLines;
import dev.flover.http.jobs.Job;
import dev.flover.http.jobs.JobLines;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.topics.TopicAccess;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.lines.BatchLine;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.records.BoundedRecords;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `batch submit`: writes the lines of a file to the lines topic, and makes the job known.
@Command(
        name = "submit",
        modelTransformer = SettingOptions.OfClients.class,
        sortOptions = false,
        description = "Submits a file as a job that needs no terminal, and prints the job's id. A file that was "
                + "submitted "
                + "before is not submitted again.")
final class BatchSubmitCommand implements Callable<Integer>, JobLines.Rules {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The file of requests.")
    private Path file;

    @Mixin
    private LineOptions ofLines;

    @Override
    public Integer call() {
        var time = ofLines.deadline();
        long deadlineMs = time == null ? 0 : System.currentTimeMillis() + time.toMillis();
        var input = BatchInput.of(file, ofLines.ofRequests());
        if (input.lines() == 0) {
            throw new CommandException(file + " has no line; expected one request a line");
        }
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        var access = HttpSettings.access(target.connection(), target.topics());
        try (var client = new JobsClient(access)) {
            if (client.jobs().find(input.job()) == null) {
                submit(input, access, target.connection().admin(), client, deadlineMs);
            } else {
                spec.commandLine().getErr().println("flover: the file was submitted before, as this job");
            }
        }
        spec.commandLine().getOut().println(input.job());
        return ExitCode.OK;
    }

    private void submit(BatchInput input, TopicAccess access, Map<String, String> admin, JobsClient client,
            long deadlineMs) {
        client.topics().create(admin, BoundedRecords.MAX_RECORD_BYTES);
        try (var values = ContractSerde.of(GenerationRequest.class, access.registry()).serializer()) {
            var lines = new JobLines(client, this, request -> values.serialize(access.topics().requests(), request));
            var span = lines.write(input.job(), input::open, access);
            client.define(new Job(input.job(), file.getFileName().toString(), System.currentTimeMillis(), deadlineMs,
                    JobsAccess.defaultModel(access), span, null));
        } catch (IOException e) {
            throw InputFile.unreadable(input.name(), e);
        }
    }

    @Override
    public JobLines.@Nullable Fault fault(BatchLine.Good line) {
        return null;
    }

    @Override
    public GenerationRequest request(BatchLine.Good line) {
        return AnswerLines.marked(line, ofLines.defaults());
    }
}
