package dev.flover.app.pipeline;

import dev.flover.app.connection.Connection;
import dev.flover.app.connection.ConnectionOptions;
import dev.flover.app.connection.RunningPipeline;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.EngineOptions;
import dev.flover.app.options.LoadingLine;
import dev.flover.app.options.ModelOption;
import dev.flover.app.options.OptionRange;
import dev.flover.app.terminal.StopSignal;
import dev.flover.engine.Engine;
import dev.flover.engine.model.Model;
import dev.flover.topology.Health;
import dev.flover.topology.PipelineConfig;
import dev.flover.topology.PipelineConfig.Pace;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `up`: the long-running pipeline.
@Command(
        name = "up",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Runs the pipeline until Ctrl-C or SIGTERM. Generations that are live then stay stored, and go "
                + "on at the next start.",
        footer = {"", "@|bold flover up --embedded|@ needs nothing else: it brings a broker and a registry, and keeps "
                + "their data in --data. Then, in another terminal: @|bold flover submit \"The old house\"|@."})
public final class UpCommand implements Callable<Integer> {
    private static final long LOOK_MS = 500;
    private static final int MAX_PARTITIONS = 1000;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOption modelOption;

    @Option(names = "--served-model", paramLabel = "NAME",
            description = "What requests call the model. Default: the file's name without its extension.")
    private String servedModel;

    @Option(names = "--application-id", paramLabel = "ID", defaultValue = "flover",
            description = "Instances with the same id share the work. Default: ${DEFAULT-VALUE}.")
    private String applicationId;

    @Option(names = "--data", paramLabel = "DIR",
            description = "Folder for this instance's state, and for the embedded servers' data. "
                    + "Default: $XDG_DATA_HOME/flover or ~/.local/share/flover.")
    private Path data;

    @Option(names = "--metrics-port", paramLabel = "PORT", defaultValue = "9464",
            description = "Serves /metrics (Prometheus), /health and /ready; 0 takes a free port. "
                    + "Default: ${DEFAULT-VALUE}.")
    private int metricsPort;

    @Option(names = "--metrics-host", paramLabel = "HOST", defaultValue = "127.0.0.1",
            description = "At this address. Default: ${DEFAULT-VALUE}.")
    private String metricsHost;

    @Option(names = "--commit-interval-ms", paramLabel = "N", defaultValue = "50",
            description = "Longest time that tokens wait for their transaction. Default: ${DEFAULT-VALUE}.")
    private int commitIntervalMs;

    @Option(names = "--create-topics", description = "Create the topics that are missing; --embedded does.")
    private boolean createTopics;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "4",
            description = "Of topics that are created. Default: ${DEFAULT-VALUE}.")
    private int partitions;

    @Option(names = "--embedded", description = "Bring an own broker and registry, on free loopback ports.")
    private boolean embedded;

    @ArgGroup(validate = false, heading = "%nKafka:%n")
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    @ArgGroup(validate = false, heading = "%nEngine:%n")
    private EngineOptions engineOptions = new EngineOptions();

    private volatile LocalPipeline running;

    @Override
    public Integer call() {
        checkOptions();
        DataFolder.require(dataFolder());
        var meters = meters();
        try (var model = modelOption.open();
                var engine = engine(model);
                var metrics = MetricsServer.start(metricsHost, metricsPort, meters, this::health);
                var servers = servers()) {
            var config = pipelineConfig(servers.connection());
            if (createTopics || embedded) {
                LocalPipeline.createTopics(config, partitions);
            }
            try (var stop = StopSignal.install();
                    var pipeline = LocalPipeline.start(
                            config, model, engine, engineOptions.config(spec.commandLine()), meters)) {
                running = pipeline;
                return serve(servers, metrics, stop);
            }
        }
    }

    private Engine engine(Model model) {
        var config = engineOptions.config(spec.commandLine());
        var backend = engineOptions.openBackend(spec.commandLine());
        say("model", modelOption.path() + " on " + backend.name() + ": " + backend.describe());
        var engine = LoadingLine.start(model, backend, config, spec.commandLine().getErr());
        say("KV cache", engine.status().blocks() + " blocks of " + config.blockTokens() + " positions");
        return engine;
    }

    private Servers servers() {
        if (embedded) {
            say("data", dataFolder().toString());
            return Servers.embedded(dataFolder());
        }
        var connection = connectionOptions.connection();
        connection.check();
        return Servers.at(connection);
    }

    private int serve(Servers servers, MetricsServer metrics, StopSignal stop) {
        say("kafka", servers.connection().bootstrapServers());
        say("registry", servers.connection().registryUrl());
        say("metrics", metrics.url() + "/metrics, /health, /ready");
        if (running.awaitReady(stop::isRaised)) {
            var note = RunningPipeline.announce(servers.connection());
            say("ready", "serving " + servedModel() + "; Ctrl-C stops it");
            while (!stop.await(LOOK_MS)) {
                running.throwIfFailed();
                if (!servers.isAlive()) {
                    throw new CommandException("the embedded broker has ended; its log is in " + dataFolder());
                }
            }
            note.withdraw();
        }
        say("stopping", "unfinished generations stay stored");
        return stop.exitCodeOfService();
    }

    private Health health() {
        var pipeline = running;
        return pipeline == null ? new Health(Health.State.STARTING, "starting") : pipeline.health();
    }

    private PipelineConfig pipelineConfig(Connection connection) {
        return PipelineConfig.of(applicationId, connection.bootstrapServers(), connection.registryUrl(),
                        dataFolder().resolve("state"), servedModel())
                .withKafka(connection.kafka())
                .withRegistry(connection.registry())
                .with(new Pace(Pace.standard().tick(), Duration.ofMillis(commitIntervalMs),
                        Pace.standard().chunkInterval()));
    }

    private String servedModel() {
        return servedModel != null ? servedModel
                : modelOption.path().getFileName().toString().replaceFirst("\\.gguf$", "");
    }

    private Path dataFolder() {
        if (data != null) {
            return data.toAbsolutePath();
        }
        String home = System.getenv("XDG_DATA_HOME");
        return home != null && !home.isEmpty()
                ? Path.of(home, "flover")
                : Path.of(System.getProperty("user.home"), ".local", "share", "flover");
    }

    private static PrometheusMeterRegistry meters() {
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        return meters;
    }

    private void say(String what, String value) {
        var out = spec.commandLine().getOut();
        out.println(spec.commandLine().getColorScheme().commandText(String.format("%-10s", what)) + " " + value);
        out.flush();
    }

    private void checkOptions() {
        if (embedded && connectionOptions.given()) {
            throw new ParameterException(spec.commandLine(),
                    "--embedded brings its own broker and registry; leave out --bootstrap-servers and "
                            + "--schema-registry-url, or leave out --embedded");
        }
        if (!applicationId.matches("[A-Za-z0-9._-]{1,200}")) {
            throw new ParameterException(spec.commandLine(), "--application-id begins names of topics, so it must be "
                    + "letters, digits, ., _ and -, at most 200 of them, was " + applicationId);
        }
        OptionRange.check(spec, "--partitions", partitions, 1, MAX_PARTITIONS);
        OptionRange.check(spec, "--metrics-port", metricsPort, 0, 65_535);
        OptionRange.check(spec, "--commit-interval-ms", commitIntervalMs, 1, 60_000);
    }
}
