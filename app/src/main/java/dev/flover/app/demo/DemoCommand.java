package dev.flover.app.demo;

import dev.flover.app.connection.Connection;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.http.ModelTexts;
import dev.flover.app.options.EngineOptions;
import dev.flover.app.options.LoadingLine;
import dev.flover.app.options.ModelOption;
import dev.flover.app.picture.Layout;
import dev.flover.app.picture.LineView;
import dev.flover.app.picture.Palette;
import dev.flover.app.picture.ScreenView;
import dev.flover.app.picture.View;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.PageOfPipeline;
import dev.flover.app.pipeline.Servers;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.app.terminal.Screen;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.Model;
import dev.flover.http.Bridge;
import dev.flover.topology.config.PipelineConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
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
            description = "Most fused steps in a second while the requests arrive, so that a person can follow them; "
                    + "0 is no limit. Default: ${DEFAULT-VALUE}.")
    private double stepsPerSecond;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "7",
            description = "Seed of the random times and lengths. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @ArgGroup(validate = false, heading = "%nEngine:%n")
    private EngineOptions engineOptions = new EngineOptions();

    private Pacer pacer;
    private PrintWriter out;

    @Option(names = "--crash", description = "Run the pipeline in a process of its own, kill it twice in the middle "
            + "of the answers, and compare all answers with those of a run without kills.")
    private boolean crash;

    @Option(names = "--pipeline-of", hidden = true, description = "Addresses of broker and registry, and folder of the "
            + "demo whose pipeline this process is.", arity = "3")
    private String @Nullable [] pipelineOf;

    @Override
    public void run() {
        if (!(stepsPerSecond >= 0)) {
            throw new ParameterException(spec.commandLine(),
                    "--steps-per-second must be at least 0, was " + stepsPerSecond);
        }
        out = spec.commandLine().getOut();
        pacer = new Pacer(stepsPerSecond);
        var engineConfig = engineOptions.config(spec.commandLine());
        if (pipelineOf != null) {
            runAsChild(pipelineOf, engineConfig);
        } else if (crash) {
            try (var backend = engineOptions.openBackend(spec.commandLine());
                    var folder = TemporaryFolder.create("flover-demo-")) {
                say("flover demo: " + modelOption.path().getFileName() + " on " + backend.name()
                        + "; its process will be killed");
                serve(folder, backend.name());
            }
        } else {
            runHere(engineConfig);
        }
    }

    private void runHere(EngineConfig engineConfig) {
        try (var model = modelOption.open()) {
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
        var config = config(servers.connection(), folder.path());
        try (var pipeline = timed("the pipeline", () -> {
            LocalPipeline.createTopics(config, PARTITIONS);
            engine.recordTo(PageOfPipeline.newTrace());
            return new PipelineHere(config, model, engine, engineConfig, pacer);
        })) {
            var page = pipeline.page(servers.connection(), config, engine, backend);
            try (page; var bridge = timed("the HTTP bridge", () -> bridge(servers, config, model, pipeline))) {
                say("A page for a browser is at " + page.url());
                say("OpenAI's API is at " + bridge.url() + "/v1 until the demo ends:");
                say("  curl -N " + bridge.url() + "/v1/completions -H 'Content-Type: application/json' "
                        + "-d '{\"prompt\": \"The old house\", \"max_tokens\": 30, \"stream\": true}'");
                perform(servers, Optional.of(bridge), pipeline, backend);
            }
        }
    }

    /// Starts a bridge, and returns it when it reads the topics.
    private static Bridge bridge(Servers servers, PipelineConfig config, Model model, DemoPipeline pipeline) {
        var bridge = HttpSettings.startUsual(servers.connection(), config.topics(), ModelTexts.of(model));
        while (!bridge.isReady()) {
            pipeline.check();
            LockSupport.parkNanos(BRIDGE_LOOK_NANOS);
        }
        return bridge;
    }

    /// Runs the demo with a pipeline that is killed.
    private void serve(TemporaryFolder folder, String backend) {
        try (var servers = timed("a Kafka broker and a schema registry", () -> Servers.temporary(folder))) {
            var arguments = new ArrayList<>(spec.root().commandLine().getParseResult().originalArgs());
            arguments.addAll(List.of("--pipeline-of", servers.connection().bootstrapServers(),
                    servers.connection().registryUrl(), folder.path().toString()));
            try (var pipeline = timed("the pipeline, in a process of its own", () -> {
                LocalPipeline.createTopics(config(servers.connection(), folder.path()), PARTITIONS);
                return new KilledPipeline(
                        spec.root().userObject().getClass(), arguments, folder.path().resolve("pipeline.log"));
            })) {
                perform(servers, Optional.empty(), pipeline, backend);
            }
        }
    }

    private void runAsChild(String[] pipelineOf, EngineConfig engineConfig) {
        var connection = Connection.of(pipelineOf[0], pipelineOf[1]);
        try (var model = modelOption.open()) {
            var engine = Engine.start(
                    model, pacer.slowing(engineOptions.openBackend(spec.commandLine())), engineConfig);
            try (var pipeline = new PipelineHere(
                    config(connection, Path.of(pipelineOf[2])), model, engine, engineConfig, pacer)) {
                new PipelineChild(pipeline, out).run();
            }
        }
    }

    private static PipelineConfig config(Connection connection, Path folder) {
        return PipelineConfig.of("flover-demo", connection.bootstrapServers(), connection.registryUrl(),
                folder.resolve("state"), "demo");
    }

    private void perform(
            Servers servers, Optional<Bridge> bridge, DemoPipeline pipeline, String backend) {
        var first = Script.random(seed, MEAN_GAP_MS);
        var firstBoard = new Scoreboard(first, FIRST_ACT_MS);
        firstBoard.notice(stepsPerSecond == 0 ? "at full speed"
                : String.format(Locale.ROOT, "slowed down to %.0f steps/s, so that it can be watched", stepsPerSecond));
        var secondBoard = new Scoreboard(first.allAtOnce(), SECOND_ACT_MS);
        secondBoard.notice("the same requests again, all at once, at full speed");
        Summary summary;
        try (var view = view(servers, bridge, backend)) {
            var firstEnd = new Act(servers.connection(), first, "first", firstBoard, pipeline).play(view);
            var kills = pipeline.kills();
            LockSupport.parkNanos(APPLAUSE_NANOS);
            pipeline.release();
            var secondEnd = new Act(servers.connection(), first.allAtOnce(), "second", secondBoard, pipeline)
                    .play(view);
            LockSupport.parkNanos(APPLAUSE_NANOS);
            view.leaveBehind(firstEnd);
            summary = new Summary(firstBoard, firstEnd, secondBoard, secondEnd, kills);
        }
        out.println();
        summary.lines().forEach(this::say);
        out.println();
        say("Next: flover up --embedded   a pipeline that stays");
        say("      flover submit \"...\"    asks it, from another terminal");
    }

    private View view(Servers servers, Optional<Bridge> bridge, String backend) {
        var screen = Screen.open();
        if (screen.isEmpty()) {
            return new LineView(out);
        }
        var palette = Palette.of(System.getenv(), Screen.isUnicode(System.getenv()));
        String subtitle = String.join(palette.separator(),
                modelOption.path().getFileName().toString().replaceFirst("\\.gguf$", ""), backend,
                "Kafka " + servers.connection().bootstrapServers(),
                bridge.map(Bridge::url).orElse("without HTTP"), PARTITIONS + " partitions", "exactly once");
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
