package dev.flover.app.batch;

import dev.flover.app.batch.files.AnswerLines;
import dev.flover.app.batch.files.BatchInput;
import dev.flover.app.batch.jobs.Job;
import dev.flover.app.batch.jobs.JobTopics;
import dev.flover.app.batch.jobs.JobsClient;
import dev.flover.app.batch.jobs.ResultsReader;
import dev.flover.app.client.Refusal;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import dev.flover.app.settings.Kind;
import dev.flover.app.settings.SettingOptions;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.lines.BatchError;
import dev.flover.schemas.lines.BatchLine;
import dev.flover.schemas.lines.BatchLines;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.topology.records.BoundedRecords;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.Serializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
final class BatchSubmitCommand implements Callable<Integer> {
    private static final Kind.Time DEADLINES = new Kind.Time(Duration.ofSeconds(1), Duration.ofDays(365));
    private static final long RETENTION_MS = Duration.ofDays(7).toMillis();

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The file of requests.")
    private Path file;

    @Option(names = "--deadline", paramLabel = "TIME", description = "Time such as 2h, after which the job's remaining "
            + "lines are not answered.")
    private String deadline;

    @Option(names = "--model", paramLabel = "NAME", description = "Model for the lines that name none.")
    private String model;

    @Option(names = "--tenant", paramLabel = "NAME", defaultValue = "", description = "Tenant for the lines that name "
            + "none.")
    private String tenant;

    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final Set<Long> tooLarge = ConcurrentHashMap.newKeySet();
    private long good;
    private long wrong;

    @Override
    public Integer call() {
        long deadlineMs = deadlineMs();
        var input = BatchInput.of(file.toString(), null, List.of(model == null ? "" : model, tenant));
        if (input.lines() == 0) {
            throw new CommandException(file + " has no line; expected one request a line");
        }
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        var topics = JobTopics.of(target.topics().requests());
        try (var client = new JobsClient(target.connection(), topics)) {
            if (client.jobs().find(input.job()) == null) {
                submit(input, target, topics, client, deadlineMs);
            } else {
                spec.commandLine().getErr().println("flover: the file was submitted before, as this job");
            }
        }
        spec.commandLine().getOut().println(input.job());
        return ExitCode.OK;
    }

    private long deadlineMs() {
        try {
            return deadline == null ? 0 : System.currentTimeMillis() + DEADLINES.parse(deadline).toMillis();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--deadline must be " + DEADLINES.expected() + ", was "
                    + deadline, e);
        }
    }

    private void submit(BatchInput input, ClientTarget target, JobTopics topics, JobsClient client, long deadlineMs) {
        topics.create(target.connection().admin(), BoundedRecords.MAX_RECORD_BYTES, RETENTION_MS);
        try (var results = new ResultsReader(target.connection(), target.topics().results(), input.job() + "-");
                var values = ContractSerde.of(GenerationRequest.class, target.connection().registry()).serializer()) {
            long from = client.endOfLines();
            var resultsFrom = results.ends();
            eachLine(input, line -> sendRequest(line, target.topics().requests(), values, client));
            settle(client);
            long requestsEnd = client.endOfLines();
            eachLine(input, line -> sendWrong(input.job(), line, client));
            settle(client);
            client.define(new Job(input.job(), file.getFileName().toString(), System.currentTimeMillis(), good, wrong,
                    from, requestsEnd, client.endOfLines(), resultsFrom, deadlineMs));
        }
    }

    private void eachLine(BatchInput input, Consumer<BatchLine> action) {
        try (var lines = input.open()) {
            for (var line = lines.next(); line != null; line = lines.next()) {
                action.accept(line);
                throwIfFailed();
            }
        } catch (IOException e) {
            throw InputFile.unreadable(input.name(), e);
        }
    }

    private void sendRequest(BatchLine line, String topic, Serializer<GenerationRequest> values, JobsClient client) {
        if (line instanceof BatchLine.Good request && AnswerLines.unsupported(request.request()) == null) {
            good++;
            byte[] value;
            try {
                value = values.serialize(topic, AnswerLines.marked(request, new AnswerLines.Defaults(model, tenant)));
            } catch (KafkaException e) {
                throw notWritten(e);
            }
            client.sendLine(request.request().getId(), value, reason -> {
                if (reason instanceof RecordTooLargeException) {
                    tooLarge.add(line.number());
                } else {
                    failure.set(reason);
                }
            });
        }
    }

    private void sendWrong(String job, BatchLine line, JobsClient client) {
        String id = BatchLines.idOf(job, line.number());
        var error = switch (line) {
            case BatchLine.Bad bad -> new BatchError(id, bad.number(), bad.customId(), bad.code(), bad.message());
            case BatchLine.Good given when AnswerLines.unsupported(given.request()) != null -> new BatchError(id,
                    given.number(), given.customId(), "unsupported", AnswerLines.unsupported(given.request()));
            case BatchLine.Good given when tooLarge.contains(given.number()) -> new BatchError(id, given.number(),
                    given.customId(), "line_too_long", "the request is larger than a record may be; shorten it, or "
                            + "raise the limits of cluster and client");
            case BatchLine.Good given -> null;
        };
        if (error != null) {
            wrong++;
            good -= tooLarge.contains(line.number()) ? 1 : 0;
            client.sendLine(id, error.json().toString().getBytes(StandardCharsets.UTF_8), failure::set);
        }
    }

    private void settle(JobsClient client) {
        client.flush();
        throwIfFailed();
    }

    private void throwIfFailed() {
        var reason = failure.get();
        if (reason != null) {
            throw notWritten(reason);
        }
    }

    private static CommandException notWritten(Exception reason) {
        return new CommandException("the lines cannot be written: " + Refusal.reason(reason)
                + "; nothing of the job is answered until the same command has written all lines", reason);
    }
}
