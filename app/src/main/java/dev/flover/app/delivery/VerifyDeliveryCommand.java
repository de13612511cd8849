package dev.flover.app.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.connection.Connection;
import dev.flover.app.options.ModelOption;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.Servers;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.app.terminal.StopSignal;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.PipelineConfig.Delivery;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `verify-delivery`: kills a pipeline and checks that nobody can tell.
@Command(
        name = "verify-delivery",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Starts a broker, a registry and a pipeline, kills the pipeline with -9 again and again while "
                + "it generates, and compares all that it committed with what the bare engine says: token ids, text, "
                + "logprobs, finish reasons, usage. Ends with a table, and with 1 if anything was lost, repeated or "
                + "changed. Leaves nothing behind.",
        footer = {"", "@|bold --delivery at-least-once|@ is the control: the same checks must find repeats there."})
public final class VerifyDeliveryCommand implements Callable<Integer> {
    private static final int MAX_PARTITIONS = 100;
    private static final int MAX_COUNT = 1_000_000;
    private static final int MAX_COMMIT_INTERVAL_MS = 10_000;
    private static final int EXACTLY_ONCE_COMMIT_MS = 50;
    /// Longer than a generation takes, so that a request whose end was written is not yet committed as read.
    private static final int AT_LEAST_ONCE_COMMIT_MS = 10_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption modelOption;

    @Option(names = "--kills", paramLabel = "N", defaultValue = "200",
            description = "How often the pipeline is killed. Default: ${DEFAULT-VALUE}.")
    private int kills;

    @Option(names = "--generations", paramLabel = "N", defaultValue = "400",
            description = "How many requests are sent. Default: ${DEFAULT-VALUE}.")
    private int generations;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Of the requests and of the moments of the kills. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--delivery", paramLabel = "HOW", defaultValue = "exactly-once",
            description = "exactly-once or at-least-once. Default: ${DEFAULT-VALUE}.")
    private String delivery;

    @Option(names = "--commit-interval-ms", paramLabel = "N",
            description = "Longest time that tokens wait for their commit. Default: " + EXACTLY_ONCE_COMMIT_MS + "; "
                    + AT_LEAST_ONCE_COMMIT_MS + " with at-least-once.")
    private Integer commitIntervalMs;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "2",
            description = "Of the topics. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "What computes, as in `flover devices`. Default: ${DEFAULT-VALUE}.")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Threads that compute. Default: one for each core.")
    private int threads;

    @Option(names = "--json", description = "The outcome as one JSON object on stdout; all else goes to stderr.")
    private boolean json;

    private PrintWriter narration;

    @Override
    public Integer call() {
        checkOptions();
        narration = json ? spec.commandLine().getErr() : spec.commandLine().getOut();
        try (var stop = StopSignal.install(); var model = modelOption.open();
                var oracle = new Oracle(model, ModelOption.tokenizerOf(model), backend, threads)) {
            var requests = RequestMix.of(generations, seed);
            var expected = expected(requests, oracle, stop);
            if (stop.isRaised()) {
                return stop.exitCode();
            }
            Map<String, GenerationRequest> byId = requests.stream()
                    .collect(Collectors.toMap(GenerationRequest::getId, Function.identity()));
            var check = new DeliveryCheck(expected, (id, ids) -> oracle.text(byId.get(id), ids));
            try (var folder = TemporaryFolder.create("flover-verify-")) {
                var outcome = run(folder.path(), requests, check, stop);
                return stop.isRaised() ? interrupted(outcome, stop) : verdict(outcome);
            }
        }
    }

    private List<ExpectedAnswer> expected(List<GenerationRequest> requests, Oracle oracle, StopSignal stop) {
        var expected = new ArrayList<ExpectedAnswer>();
        try (var line = new ProgressLine(narration, "what the bare engine says", requests.size())) {
            for (var request : requests) {
                if (stop.isRaised()) {
                    break;
                }
                expected.add(oracle.answer(request));
                line.show(expected.size(), "");
            }
        }
        return expected;
    }

    private Outcome run(Path folder, List<GenerationRequest> requests, DeliveryCheck check, StopSignal stop) {
        long from = System.nanoTime();
        var sightings = new Sightings();
        try (var servers = Servers.embedded(folder)) {
            var settings = settings(servers.connection(), folder.resolve("state"));
            LocalPipeline.createTopics(settings.pipeline(), partitions);
            try (var killer = new Killer(() -> VictimProcess.start(settings, folder.resolve("pipeline.log")),
                            sightings, kills, seed);
                    var line = new ProgressLine(narration, "kills", kills)) {
                new DeliveryRun(servers.connection(), requests, kills, check, sightings, killer)
                        .play(stop, done -> line.show(done, check.ended() + "/" + generations + " generations, "
                                + check.committedTokens() + " tokens committed"));
                var findings = check.findings();
                return new Outcome(seed, delivery, (System.nanoTime() - from) / 1e9, killer.kills(),
                        killer.killsByPhase(), Outcome.Recovery.of(killer.recoveriesMs()), findings,
                        findings.isClean() && killer.isDone());
            }
        }
    }

    private VictimSettings settings(Connection connection, Path state) {
        var how = delivery();
        int interval = commitIntervalMs != null ? commitIntervalMs : switch (how) {
            case EXACTLY_ONCE -> EXACTLY_ONCE_COMMIT_MS;
            case AT_LEAST_ONCE -> AT_LEAST_ONCE_COMMIT_MS;
        };
        return new VictimSettings(connection.bootstrapServers(), connection.registryUrl(), state,
                modelOption.path().toAbsolutePath(), backend, threads, how, interval);
    }

    private int interrupted(Outcome outcome, StopSignal stop) {
        narration.println("interrupted after " + outcome.kills() + " kills; nothing can be said about the generations");
        return stop.exitCode();
    }

    private int verdict(Outcome outcome) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(jsonOf(outcome));
        } else {
            Report.lines(outcome).forEach(out::println);
            out.printf(Locale.ROOT, "%s in %.0f s, seed %d, %s%n", outcome.passed()
                    ? "nothing lost, nothing said twice" : "NOT AS PROMISED", outcome.seconds(), seed, delivery);
        }
        out.flush();
        return outcome.passed() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static String jsonOf(Outcome outcome) {
        try {
            return new ObjectMapper().writeValueAsString(outcome);
        } catch (JsonProcessingException e) {
            throw new AssertionError("our own values are always JSON", e);
        }
    }

    private Delivery delivery() {
        return switch (delivery) {
            case "exactly-once" -> Delivery.EXACTLY_ONCE;
            case "at-least-once" -> Delivery.AT_LEAST_ONCE;
            default -> throw new ParameterException(spec.commandLine(),
                    "--delivery must be exactly-once or at-least-once, was " + delivery);
        };
    }

    private void checkOptions() {
        delivery();
        range("--kills", kills, 0, MAX_COUNT);
        range("--generations", generations, 1, MAX_COUNT);
        range("--partitions", partitions, 1, MAX_PARTITIONS);
        range("--commit-interval-ms", commitIntervalMs == null ? 1 : commitIntervalMs, 1, MAX_COMMIT_INTERVAL_MS);
    }

    private void range(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(spec.commandLine(),
                    option + " must be in [" + least + ", " + most + "], was " + value);
        }
    }
}
