package dev.flover.app.client;

import dev.flover.app.connection.ClientTarget;
import dev.flover.app.offline.LogprobLine;
import dev.flover.app.offline.ToolCallLine;
import dev.flover.app.options.ChatOptions;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.ConstraintOptions;
import dev.flover.app.options.InputFile;
import dev.flover.app.options.OptionRange;
import dev.flover.app.options.SamplingOptions;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.terminal.StopSignal;
import dev.flover.schemas.Finish;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Refused;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `submit`: sends one request and prints its answer as it arrives.
@Command(
        name = "submit",
        modelTransformer = SettingOptions.OfClients.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Writes a request to the requests topic and streams the answer's text from the tokens topic.",
        footer = {"", "The same request under the same --id attaches to the generation while it runs, and gets its "
                + "answer again afterwards; a different request under a used id is refused.",
            "Ctrl-C ends this command but not the generation; `flover cancel ID` does."})
public final class SubmitCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "PROMPT", arity = "0..1", description = "The text to continue; - reads it from standard "
            + "input. Or give --prompt-file or --messages.")
    private @Nullable String prompt;

    @Option(names = "--prompt-file", paramLabel = "FILE", description = "File with the text to continue, in UTF-8, "
            + "without its last line end; - means standard input.")
    private @Nullable String promptFile;

    @Option(names = "--id", paramLabel = "ID", description = "The request's id. Default: a random one.")
    private @Nullable String id;

    @Option(names = "--no-wait", description = "Print the id and do not wait for the answer.")
    private boolean noWait;

    @Option(names = "--json", description = "Print one JSON object per line for each chunk of the answer, as `tail "
            + "--json` does.")
    private boolean json;

    @Option(names = "--priority", paramLabel = "N", defaultValue = "0",
            description = "Higher first; in [-100, 100]. Default: ${DEFAULT-VALUE}.")
    private int priority;

    @Option(names = "--deadline-ms", paramLabel = "N", description = "Milliseconds after which the request ends as "
            + "expired.")
    private @Nullable Long deadlineMs;

    @Option(names = "--tenant", paramLabel = "NAME", defaultValue = "", description = "Tenant to which the request "
            + "belongs.")
    private String tenant;

    @Option(names = "--model", paramLabel = "NAME", description = "Name of the model that must answer.")
    private @Nullable String model;

    @Option(names = "--answers", paramLabel = "N", defaultValue = "1", description = "Number of answers. The first one "
            + "is printed as it arrives, the others at the end.")
    private int answers;

    @Option(names = "--metadata", paramLabel = "NAME=VALUE", description = "Returned with the answer; may be given "
            + "several times.")
    private Map<String, String> metadata = Map.of();

    @Option(names = "--stop-id", paramLabel = "N", description = "Id of a token that ends the answer; may be given "
            + "several times.")
    private List<Integer> stopIds = List.of();

    @ArgGroup(validate = false, heading = "%nAnswers:%n")
    private SamplingOptions sampling = new SamplingOptions();

    @ArgGroup(validate = false, heading = "%nConstraints on the answer, at most one:%n")
    private ConstraintOptions constraint = new ConstraintOptions();

    @ArgGroup(validate = false, heading = "%nConversations and tools:%n")
    private ChatOptions chat = new ChatOptions();

    private final List<LogprobLine> logprobs = new ArrayList<>();
    /// The position after the last token of each answer.
    private final Map<Integer, Integer> positions = new HashMap<>();
    /// The texts of the answers from the second on.
    private final Map<Integer, StringBuilder> otherTexts = new TreeMap<>();
    private @Nullable Finish finish;
    /// The end of the first answer that did not end well.
    private @Nullable Finish failure;
    private boolean ended;
    private @Nullable Refused refused;
    private boolean reached;
    /// Opens a second reader of the tokens topic, which starts at the topic's beginning.
    private @Nullable Supplier<Answers> earlier;

    @Override
    public Integer call() {
        requireOnePrompt();
        OptionRange.check(spec, "--priority", priority, -100, 100);
        OptionRange.check(spec, "--answers", answers, 1, Integer.MAX_VALUE);
        OptionRange.check(spec, "--deadline-ms", deadlineMs == null ? 1 : deadlineMs, 1, Long.MAX_VALUE);
        sampling.params(spec);      // finds values out of range before anything is written
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        var topics = target.topics();
        try (var requests = new Requests(target.connection(), topics.requests())) {
            GenerationRequest request = request();
            if (noWait) {
                requests.send(request);
                sayWhere(request, target);
                spec.commandLine().getOut().println(request.getId());
                return ExitCode.OK;
            }
            try (var stop = StopSignal.install();
                    var chunks = new Answers(target.connection(), topics.tokens(), false)) {
                var written = requests.write(request);
                sayWhere(request, target);
                chunks.only(written.partition());
                earlier = () -> new Answers(target.connection(), topics.tokens(), true);
                return watch(request.getId(), written, chunks, stop);
            }
        }
    }

    private void requireOnePrompt() {
        long given = Stream.of(prompt != null, promptFile != null, chat.hasMessages()).filter(each -> each).count();
        if (given != 1) {
            throw new ParameterException(spec.commandLine(), given == 0
                    ? "Missing required parameter: 'PROMPT', --prompt-file=FILE or --messages=FILE"
                    : "PROMPT, --prompt-file and --messages exclude each other; give one of them");
        }
    }

    private void sayWhere(GenerationRequest request, ClientTarget target) {
        spec.commandLine().getErr().println("flover: request " + request.getId() + " is written to "
                + target.topics().requests() + " at " + target.connection().bootstrapServers() + ", for "
                + (request.getModel() == null ? "the default model" : "the model " + request.getModel()));
    }

    /// Returns the text to continue; null if there are messages instead.
    private @Nullable String text() {
        String file = "-".equals(prompt) ? prompt : promptFile;
        if (file == null) {
            return prompt;
        }
        try (var in = InputFile.open(file)) {
            var text = new StringWriter();
            in.transferTo(text);
            return text.toString().replaceFirst("\\R\\z", "");
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
    }

    private GenerationRequest request() {
        var request = GenerationRequest.newBuilder()
                .setId(id != null ? id : UUID.randomUUID().toString())
                .setPrompt(text())
                .setModel(model)
                .setTenant(tenant)
                .setPriority(priority)
                .setDeadlineMs(deadlineMs)
                .setMaxTokens(sampling.maxTokens())
                .setMinTokens(sampling.minTokens() != null ? sampling.minTokens() : 0)
                .setAnswers(answers)
                .setMetadata(metadata)
                .setStop(sampling.stop())
                .setStopIds(stopIds)
                .setIgnoreEos(sampling.ignoreEos())
                .setLogprobs(sampling.logprobs())
                .setSeed(sampling.seed())
                .setSampling(sampling());
        constraint.set(request);
        chat.set(request);
        var complete = request.build();
        ChatOptions.check(complete);
        return complete;
    }

    private Sampling sampling() {
        var record = Sampling.newBuilder().build();
        sampling.given().forEach((option, value) -> record.put(option.field(), value));
        return record;
    }

    private int watch(String id, RecordMetadata written, Answers chunks, StopSignal stop) {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        long sent = System.nanoTime();
        boolean patient = true;
        while (!ended && !stop.isRaised()) {
            chunks.poll(POLL, chunk -> {
                if (chunk.getRequestId().equals(id)) {
                    attach(chunk, written.partition(), stop, out);
                    show(chunk, written, out);
                }
            });
            if (patient && positions.isEmpty() && !ended && System.nanoTime() - sent > PATIENCE_NANOS) {
                patient = false;
                err.println("flover: request " + id + " is written and not answered yet; "
                        + "does a pipeline run (`flover up`)? Ctrl-C stops waiting");
            }
        }
        if (refused != null) {
            throw new CommandException(Refusal.sentence(id, refused));
        }
        if (positions.getOrDefault(0, 0) > 0 && !json) {
            printRest(out);
        }
        if (!ended) {
            err.println("flover: no longer watching; `flover cancel " + id + "` ends the generation");
            return stop.exitCode();
        }
        return verdict(id);
    }

    /// Prints what follows the text of the first answer.
    private void printRest(PrintWriter out) {
        out.println();
        var calls = finish == null ? null : ToolCallLine.of(finish.getToolCalls());
        if (calls != null) {
            calls.forEach(call -> out.println(call.words()));
        }
        logprobs.forEach(token -> out.println(token.words()));
        otherTexts.forEach((answer, text) -> {
            out.println("--- answer " + answer);
            out.println(text);
        });
    }

    /// Prints the earlier part of an answer that is under way, because the same request was sent before.
    private void attach(TokenChunk chunk, int partition, StopSignal stop, PrintWriter out) {
        if (chunk.getPosition() <= positions.getOrDefault(chunk.getAnswer(), 0) || ended) {
            return;
        }
        try (var chunks = Objects.requireNonNull(earlier).get()) {
            chunks.only(partition);
            reached = false;
            while (!reached && !stop.isRaised()) {
                chunks.poll(POLL, before -> {
                    if (before.getRequestId().equals(chunk.getRequestId()) && !reached) {
                        reached = before.getAnswer() == chunk.getAnswer()
                                && before.getPosition() >= chunk.getPosition();
                        if (!reached) {
                            show(before, null, out);
                        }
                    }
                });
            }
        }
    }

    /// @param written the partition and offset of the request; null to ignore refusals of other requests with its id
    private void show(TokenChunk chunk, @Nullable RecordMetadata written, PrintWriter out) {
        if (ended) {
            return;
        }
        var other = chunk.getRefused();
        if (other != null) {
            if (written != null && other.getPartition() == written.partition()
                    && other.getOffset() == written.offset()) {
                refused = other;
                ended = true;
            }
            return;
        }
        int after = chunk.getPosition() + chunk.getTokenIds().size();
        // With at-least-once delivery a chunk may come twice.
        int next = positions.getOrDefault(chunk.getAnswer(), 0);
        boolean repeated = after <= next && !chunk.getTokenIds().isEmpty();
        if (!repeated) {
            write(chunk, out);
            positions.put(chunk.getAnswer(), after);
        }
        if (chunk.getFinish() != null) {
            finish = chunk.getAnswer() == 0 ? chunk.getFinish() : finish;
            failure = failure == null && isFailure(chunk.getFinish()) ? chunk.getFinish() : failure;
        }
        ended = chunk.getTerminal();
    }

    private void write(TokenChunk chunk, PrintWriter out) {
        if (json) {
            out.println(ChunkLine.of(chunk).json());
        } else if (chunk.getAnswer() == 0) {
            out.print(chunk.getText());
        } else {
            otherTexts.computeIfAbsent(chunk.getAnswer(), answer -> new StringBuilder()).append(chunk.getText());
        }
        out.flush();
        if (chunk.getLogprobs() != null && chunk.getAnswer() == 0) {
            logprobs.addAll(ChunkLine.logprobs(chunk.getLogprobs()));
        }
    }

    private static boolean isFailure(Finish finish) {
        return switch (finish.getReason()) {
            case STOP, LENGTH, UNKNOWN -> false;
            case CANCELLED, REJECTED, EXPIRED, ERROR -> true;
        };
    }

    private int verdict(String id) {
        if (failure == null) {
            return ExitCode.OK;
        }
        throw new CommandException("request " + id + " was " + switch (failure.getReason()) {
            case CANCELLED -> "cancelled";
            case REJECTED -> "rejected";
            case EXPIRED -> "expired: its deadline passed";
            case ERROR, STOP, LENGTH, UNKNOWN -> "given up";
        } + (failure.getMessage().isEmpty() ? "" : ": " + failure.getMessage()));
    }
}
