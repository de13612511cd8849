package dev.flover.app.demo;

import dev.flover.app.http.HttpSettings;
import dev.flover.app.http.ModelTexts;
import dev.flover.app.options.EngineOptions;
import dev.flover.app.options.LoadingLine;
import dev.flover.app.options.ModelOption;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.Servers;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.app.terminal.Screen;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.Model;
import dev.flover.http.Bridge;
import dev.flover.topology.config.PipelineConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `demo`: starts everything, shows how generations fuse, and removes everything afterwards.
@Command(
        name = "demo",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Starts a Kafka broker, a schema registry, the pipeline and an HTTP bridge, sends 24 prompts at "
                + "random times, and shows how their generations fuse. Ends by itself within a minute and leaves "
                + "nothing behind.")
public final class DemoCommand implements Runnable {
    private static final int PARTITIONS = 4;
    private static final double MEAN_GAP_MS = 500;
    private static final long FIRST_ACT_MS = 20_000;
    private static final long SECOND_ACT_MS = 2_000;
    private static final long APPLAUSE_NANOS = 1_500_000_000;
    private static final long BRIDGE_LOOK_NANOS = 10_000_000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption modelOption;

    @Option(names = "--steps-per-second", paramLabel = "X", defaultValue = "25",
            description = "Greatest speed of the first act, so that it can be watched; 0 is no limit. Default: "
                    + "${DEFAULT-VALUE}.")
    private double stepsPerSecond;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "7",
            description = "Seed of the random times and lengths. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @ArgGroup(validate = false, heading = "%nEngine:%n")
    private EngineOptions engineOptions = new EngineOptions();

    private Pacer pacer;
    private PrintWriter out;

    @Override
    public void run() {
        if (!(stepsPerSecond >= 0)) {
            throw new ParameterException(spec.commandLine(),
                    "--steps-per-second must be at least 0, was " + stepsPerSecond);
        }
        out = spec.commandLine().getOut();
        pacer = new Pacer(stepsPerSecond);
        try (var model = modelOption.open()) {
            var engineConfig = engineOptions.config(spec.commandLine());
            var backend = engineOptions.openBackend(spec.commandLine());
            say("flover demo: " + modelOption.path().getFileName() + " on " + backend.name());
            try (var folder = TemporaryFolder.create("flover-demo-")) {
                var servers = CompletableFuture.supplyAsync(() -> Servers.temporary(folder));
                try (var engine = LoadingLine.start(
                        model, pacer.slowing(backend), engineConfig, spec.commandLine().getErr())) {
                    serve(folder, servers, model, engine, engineConfig, backend.name());
                } finally {
                    close(servers);
                }
            }
        }
    }

    private void serve(
            TemporaryFolder folder, CompletableFuture<Servers> starting, Model model, Engine engine,
            EngineConfig engineConfig, String backend) {
        var servers = timed("a Kafka broker and a schema registry", () -> outcome(starting));
        var connection = servers.connection();
        var config = PipelineConfig.of("flover-demo", connection.bootstrapServers(), connection.registryUrl(),
                folder.path().resolve("state"), "demo");
        var meters = new SimpleMeterRegistry();
        try (var pipeline = timed("the pipeline", () -> {
            LocalPipeline.createTopics(config, PARTITIONS);
            var started = LocalPipeline.start(config, model, engine, engineConfig, meters);
            started.awaitReady(() -> false);
            return started;
        })) {
            try (var bridge = timed("the HTTP bridge", () -> bridge(servers, config, model, pipeline))) {
                say("OpenAI's API is at " + bridge.url() + "/v1 until the demo ends:");
                say("  curl -N " + bridge.url() + "/v1/completions -H 'Content-Type: application/json' "
                        + "-d '{\"prompt\": \"The old house\", \"max_tokens\": 30, \"stream\": true}'");
                perform(servers, bridge, pipeline, meters, backend);
            }
        }
    }

    /// Starts a bridge, and returns it when it reads the topics.
    private static Bridge bridge(Servers servers, PipelineConfig config, Model model, LocalPipeline pipeline) {
        var bridge = HttpSettings.startUsual(servers.connection(), config.topics(), ModelTexts.of(model));
        while (!bridge.isReady()) {
            pipeline.throwIfFailed();
            LockSupport.parkNanos(BRIDGE_LOOK_NANOS);
        }
        return bridge;
    }

    private void perform(
            Servers servers, Bridge bridge, LocalPipeline pipeline, SimpleMeterRegistry meters, String backend) {
        var first = Script.random(seed, MEAN_GAP_MS);
        var firstBoard = new Scoreboard(first, FIRST_ACT_MS);
        firstBoard.notice(stepsPerSecond == 0 ? "at full speed"
                : String.format(Locale.ROOT, "slowed down to %.0f steps/s, so that it can be watched", stepsPerSecond));
        var secondBoard = new Scoreboard(first.allAtOnce(), SECOND_ACT_MS);
        secondBoard.notice("the same requests again, all at once, at full speed");
        Summary summary;
        try (var view = view(servers, bridge, backend)) {
            var firstEnd = new Act(servers.connection(), first, "first", firstBoard, meters, pipeline::throwIfFailed)
                    .play(view);
            LockSupport.parkNanos(APPLAUSE_NANOS);
            pacer.release();
            var secondEnd = new Act(servers.connection(), first.allAtOnce(), "second", secondBoard, meters,
                    pipeline::throwIfFailed).play(view);
            LockSupport.parkNanos(APPLAUSE_NANOS);
            view.leaveBehind(firstEnd);
            summary = new Summary(firstBoard, firstEnd, secondBoard, secondEnd);
        }
        out.println();
        summary.lines().forEach(this::say);
        out.println();
        say("Next: flover up --embedded   a pipeline that stays");
        say("      flover submit \"...\"    asks it, from another terminal");
    }

    private View view(Servers servers, Bridge bridge, String backend) {
        var screen = Screen.open();
        if (screen.isEmpty()) {
            return new LineView(out);
        }
        var palette = Palette.of(System.getenv(), Screen.isUnicode(System.getenv()));
        String subtitle = String.join(palette.separator(),
                modelOption.path().getFileName().toString().replaceFirst("\\.gguf$", ""), backend,
                "Kafka " + servers.connection().bootstrapServers(), bridge.url(), PARTITIONS + " partitions",
                "exactly once");
        return new ScreenView(screen.get(), new Layout(palette, "flover demo", subtitle), out);
    }

    private <T> T timed(String what, Supplier<T> start) {
        out.print("starting " + what + " ... ");
        out.flush();
        long from = System.nanoTime();
        T started = start.get();
        say(String.format(Locale.ROOT, "%.1f s", (System.nanoTime() - from) / 1e9));
        return started;
    }

    private static Servers outcome(CompletableFuture<Servers> starting) {
        try {
            return starting.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : e;
        }
    }

    /// Closes the servers when their start has ended. If the start failed, its failure was reported and there is
    /// nothing to close.
    private static void close(CompletableFuture<Servers> starting) {
        starting.handle((servers, failure) -> Optional.ofNullable(servers)).join().ifPresent(Servers::close);
    }

    private void say(String line) {
        out.println(line);
        out.flush();
    }
}
