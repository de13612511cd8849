package dev.flover.benchmarks.delivery;

import dev.flover.app.options.BackendOption;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.app.options.RankOption;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.app.terminal.ProgressLine;
import dev.flover.app.terminal.StopSignal;
import dev.flover.benchmarks.delivery.Disturbances.Count;
import dev.flover.benchmarks.delivery.check.DeliveryCheck;
import dev.flover.benchmarks.delivery.check.ExpectedAnswer;
import dev.flover.benchmarks.report.ReportOption;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.config.PipelineConfig.Delivery;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `verify-delivery`: disturbs a pipeline and checks that no client can tell from its records.
@Command(
        name = "verify-delivery",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Starts a broker, a registry and a pipeline, kills the pipeline with -9 again and again while it "
                + "generates (or pauses, ends and moves instances of it), and compares all committed records with the "
                + "answers of the bare engine: token ids, text, logprobs, finish reasons, usage. Ends with a table, "
                + "and with 1 if anything was lost, repeated or changed. Leaves nothing behind.",
        footer = {"", "@|bold --instances 3 --kills 40 --pauses 10 --restarts 20 --moves 40|@ tests a group whose "
                + "members come and go.", "@|bold --weather 100 --kills 0|@ disturbs broker, registry and clock "
                + "instead.",
            "@|bold --delivery at-least-once|@ is the control: the same checks must find "
                + "repeats there."})
public final class VerifyDeliveryCommand implements Callable<Integer> {
    private static final int MAX_ENGINES = 16;
    private static final int MAX_PARTITIONS = 100;
    private static final int MAX_INSTANCES = 10;
    private static final int MAX_MODELS = 5;
    private static final int MIN_SESSION_MS = 1_000;
    private static final int MAX_SESSION_MS = 60_000;
    private static final int MAX_COUNT = 1_000_000;
    private static final int MAX_COMMIT_INTERVAL_MS = 10_000;
    private static final int EXACTLY_ONCE_COMMIT_MS = 50;
    /// Commit interval under at-least-once, in ms. It is longer than a generation takes, so that at a kill the end of a
    /// request may have been written while the request is not yet committed as read.
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

    @Option(names = "--instances", paramLabel = "N", defaultValue = "1",
            description = "Instances that share the work, at most. Default: ${DEFAULT-VALUE}.")
    private int places;

    @Option(names = "--models", paramLabel = "N", defaultValue = "1",
            description = "Groups that share the topics by model, each with --instances. Default: ${DEFAULT-VALUE}.")
    private int models;

    @Option(names = "--pauses", paramLabel = "N", defaultValue = "0",
            description = "How often an instance is stopped (SIGSTOP) until its session has ended, and continued "
                    + "(SIGCONT). Default: ${DEFAULT-VALUE}.")
    private int pauses;

    @Option(names = "--restarts", paramLabel = "N", defaultValue = "0",
            description = "How often an instance is ended by SIGTERM and started again. Default: ${DEFAULT-VALUE}.")
    private int restarts;

    @Option(names = "--moves", paramLabel = "N", defaultValue = "0",
            description = "How often an instance joins, or leaves for longer by SIGTERM or kill -9. Begins with one "
                    + "instance. Default: ${DEFAULT-VALUE}.")
    private int moves;

    @Option(names = "--weather", paramLabel = "N", defaultValue = "0",
            description = "How often the environment is disturbed: broker paused and killed, writes denied, a quota, "
                    + "the clock set back, the registry away, lost or slow, a foreign transaction, invalid records. "
                    + "Default: ${DEFAULT-VALUE}.")
    private int weather;

    @Option(names = "--session-timeout-ms", paramLabel = "N", defaultValue = "3000",
            description = "Session timeout of the consumer group in ms, after which a silent instance loses its "
                    + "partitions. Default: ${DEFAULT-VALUE}.")
    private int sessionTimeoutMs;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1",
            description = "Seed of the requests, the disturbances and their times. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--delivery", paramLabel = "HOW", defaultValue = "exactly-once",
            description = "exactly-once or at-least-once. Default: ${DEFAULT-VALUE}.")
    private String delivery;

    @Option(names = "--commit-interval-ms", paramLabel = "N",
            description = "Longest time in ms that tokens wait for their commit. "
                    + "Default: " + EXACTLY_ONCE_COMMIT_MS + "; "
                    + AT_LEAST_ONCE_COMMIT_MS + " with at-least-once.")
    private @Nullable Integer commitIntervalMs;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "2",
            description = "Partitions of the topics. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Mixin
    private BackendOption backend;

    @Mixin
    private RankOption ranks;

    @Option(names = "--engines", paramLabel = "N",
            description = "Engines of each instance, each with a stream thread of its own. Default: 1, or the number "
                    + "for which --devices has devices.")
    private @Nullable Integer engines;

    @Mixin
    private ReportOption report;

    @Override
    public Integer call() {
        checkOptions();
        backend.check();
        try (var model = modelOption.open()) {
            ranks.open(backend.name(), backend.threads(), backend.devices(), engines(model), model)
                    .forEach(BackendGroup::close);
            return call(model);
        }
    }

    /// The engines of each instance: as asked for, or as many as the devices allow.
    int engines(Model model) {
        if (engines == null) {
            engines = backend.devices().engines(ranks.count(backend.name(), model, backend.devices(), 1));
        }
        return engines;
    }

    private int call(Model model) {
        try (var oracle = new Oracle(model, ModelOption.tokenizerOf(model), backend,
                spec.commandLine().getErr())) {
            var requests = RequestMix.of(generations, seed,
                    IntStream.range(0, models).mapToObj(VictimSettings::modelName).toList());
            var expected = new ArrayList<ExpectedAnswer>();
            int stopped = expect(requests, oracle, expected);
            if (stopped != ExitCode.OK) {
                return stopped;
            }
            Map<String, GenerationRequest> byId = requests.stream()
                    .collect(Collectors.toMap(GenerationRequest::getId, Function.identity()));
            var check = new DeliveryCheck(expected,
                    (id, ids) -> oracle.text(Objects.requireNonNull(byId.get(id)), ids));
            try (var folder = TemporaryFolder.create("flover-verify-")) {
                var retries = delivery() == Delivery.EXACTLY_ONCE
                        ? Retries.among(requests, expected)
                        : Retries.none();
                return run(folder, requests, check, retries);
            }
        }
    }

    /// Computes the expected answers.
    ///
    /// @return 0, or the exit code if the run must not go on
    private int expect(List<GenerationRequest> requests, Oracle oracle, List<ExpectedAnswer> expected) {
        try (var stop = StopSignal.install();
                var line = new ProgressLine(report.narration(), "the bare engine's answers", requests.size())) {
            for (var request : requests) {
                if (stop.isRaised()) {
                    break;
                }
                expected.add(oracle.answer(request));
                line.show(expected.size(), "");
            }
            return stop.exitCode();
        }
    }

    /// Runs the pipelines and the disturbances.
    ///
    /// @return the exit code
    private int run(
            TemporaryFolder temporary, List<GenerationRequest> requests, DeliveryCheck check, Retries retries) {
        var folder = temporary.path();
        long from = System.nanoTime();
        var sightings = new Sightings();
        try (var world = World.start(folder)) {
            var settings = settings(world, folder.resolve("state"));
            LocalPipeline.createTopics(settings.pipeline(), partitions);
            var random = new Random(seed);
            var disturbances = new Disturbances(new Count(kills, pauses, restarts, moves, weather), random);
            var recoveries = new Recoveries();
            try (var stop = StopSignal.install();
                    var troubles = new Weather(world, producers(), partitions, new Random(seed));
                    var disturber = new Disturber(instances(folder, settings), moves > 0 ? 1 : places * models,
                            disturbances, troubles, sightings, recoveries, sessionTimeoutMs, random)) {
                var run = new DeliveryRun(world.connection(), requests, check, retries, sightings, recoveries,
                        disturber, troubles, models);
                try (var line = new ProgressLine(report.narration(), label(), disturbances.total())) {
                    run.play(stop, done -> line.show(done, check.ended() + "/" + generations + " generations, "
                            + check.committedTokens() + " tokens committed"));
                }
                var findings = check.findings();
                var retried = retries.outcome();
                boolean atRest = disturber.isAtRest();
                int unburied = run.strangersMissing();
                var outcome = OutcomeBuilder.builder().seed(seed).delivery(delivery)
                        .seconds((System.nanoTime() - from) / 1e9).counts(disturber.counts())
                        .weather(troubles.counts()).unburied(unburied)
                        .recovery(Outcome.Recovery.of(recoveries.millis())).atRest(atRest).findings(findings)
                        .retries(retried)
                        .passed(findings.isClean() && retried.isClean() && disturber.isDone() && atRest
                                && unburied == 0).build();
                return stop.isRaised() ? interrupted(outcome, stop) : verdict(outcome);
            }
        }
    }

    private String label() {
        return pauses + restarts + moves + weather == 0 ? "kills" : "disturbances";
    }

    private List<String> producers() {
        return IntStream.range(0, models).mapToObj(VictimSettings::producer).toList();
    }

    private List<Instance> instances(Path folder, VictimSettings settings) {
        var instances = new ArrayList<Instance>();
        for (int i = 0; i < places * models; i++) {
            var own = settings.in(i % models, folder.resolve("state-" + i));
            instances.add(new Instance(() -> VictimProcess.start(own, folder.resolve("pipeline.log"))));
        }
        return instances;
    }

    private VictimSettings settings(World world, Path state) {
        var how = delivery();
        int interval = commitIntervalMs != null ? commitIntervalMs : switch (how) {
            case EXACTLY_ONCE -> EXACTLY_ONCE_COMMIT_MS;
            case AT_LEAST_ONCE -> AT_LEAST_ONCE_COMMIT_MS;
        };
        return VictimSettingsBuilder.builder().group(0).bootstrapServers(world.connection().bootstrapServers())
                .registryUrl(world.frontUrl()).folder(state).model(modelOption.path().toAbsolutePath())
                .context(modelOption.context()).backend(backend.name()).threads(backend.threads())
                .ranks(ranks.text()).devices(backend.devices().toString())
                .engines(Objects.requireNonNull(engines)).delivery(how).commitIntervalMs(interval)
                .sessionTimeoutMs(sessionTimeoutMs).build();
    }

    private int interrupted(Outcome outcome, StopSignal stop) {
        int done = outcome.counts().keySet().stream().mapToInt(outcome::count).sum();
        report.narration().println("interrupted after " + done + " " + label() + "; the generations were not checked");
        return stop.exitCode();
    }

    private int verdict(Outcome outcome) {
        var lines = new ArrayList<>(Report.lines(outcome));
        lines.add(String.format(Locale.ROOT, "%s in %.0f s, seed %d, %s", outcome.passed()
                ? "nothing lost, nothing repeated" : "NOT AS PROMISED", outcome.seconds(), seed, delivery));
        report.print(outcome, lines);
        return outcome.passed() ? ExitCode.OK : ExitCode.SOFTWARE;
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
        OptionRange.check(spec, "--kills", kills, 0, MAX_COUNT);
        OptionRange.check(spec, "--generations", generations, 1, MAX_COUNT);
        OptionRange.check(spec, "--instances", places, 1, MAX_INSTANCES);
        OptionRange.check(spec, "--pauses", pauses, 0, MAX_COUNT);
        OptionRange.check(spec, "--restarts", restarts, 0, MAX_COUNT);
        OptionRange.check(spec, "--moves", moves, 0, MAX_COUNT);
        OptionRange.check(spec, "--weather", weather, 0, MAX_COUNT);
        OptionRange.check(spec, "--session-timeout-ms", sessionTimeoutMs, MIN_SESSION_MS, MAX_SESSION_MS);
        OptionRange.check(spec, "--models", models, 1, MAX_MODELS);
        if (moves > 0 && models > 1) {
            throw new ParameterException(spec.commandLine(),
                    "--moves and --models cannot be combined, because a group could be left without an instance; leave "
                            + "one of them out");
        }
        if (moves > 0 && places == 1) {
            throw new ParameterException(spec.commandLine(),
                    "--moves needs --instances of at least 2, so that an instance can join");
        }
        OptionRange.check(spec, "--partitions", partitions, 1, MAX_PARTITIONS);
        OptionRange.check(spec, "--engines", engines == null ? 1 : engines, 1, MAX_ENGINES);
        OptionRange.check(spec, "--commit-interval-ms", commitIntervalMs == null ? 1 : commitIntervalMs, 1,
                MAX_COMMIT_INTERVAL_MS);
    }
}
