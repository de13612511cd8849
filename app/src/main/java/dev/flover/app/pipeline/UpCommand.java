package dev.flover.app.pipeline;

import dev.flover.app.batch.jobs.JobFeeder;
import dev.flover.app.connection.ClientTarget;
import dev.flover.app.connection.PipelineAddress;
import dev.flover.app.connection.RunningPipeline;
import dev.flover.app.http.HttpSettings;
import dev.flover.app.http.ModelTexts;
import dev.flover.app.options.CommandException;
import dev.flover.app.options.KernelTuning;
import dev.flover.app.options.ModelOption;
import dev.flover.app.page.PageConfig;
import dev.flover.app.page.PageServer;
import dev.flover.app.settings.ParsedText;
import dev.flover.app.settings.Setting;
import dev.flover.app.settings.SettingException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.terminal.StopSignal;
import dev.flover.app.tracing.GenerationSpans;
import dev.flover.app.tracing.Tracing;
import dev.flover.engine.Backends;
import dev.flover.engine.DeviceList;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import dev.flover.http.Bridge;
import dev.flover.topology.Health;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.models.Orders.Registered;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `up`: runs the pipeline until it is stopped.
@Command(
        name = "up",
        modelTransformer = SettingOptions.OfPipeline.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Runs the pipeline until Ctrl-C or SIGTERM. Unfinished generations stay stored and continue at "
                + "the next start.",
        footer = {"", "@|bold flover up --embedded|@ needs nothing else: it brings a broker and a registry, and keeps "
                + "their data in --data. Then, in another terminal: @|bold flover submit \"The old house\"|@."})
public final class UpCommand implements Callable<Integer> {
    private static final long LOOK_MS = 500;
    private static final long LONGEST_PAUSE_MS = 10_000;

    @Spec
    private CommandSpec spec;

    private PipelineSettings settings;
    private @Nullable Figures figures;
    private volatile @Nullable LocalPipeline running;
    private volatile Health starting = new Health(Health.State.STARTING, "starting");

    @Override
    public Integer call() {
        settings = new PipelineSettings(SettingOptions.of(spec));
        var engineConfig = engineConfig();
        checkOptions();
        access().check();
        new HttpSettings(settings.settings()).check();
        settings.settings().file().ifPresent(file -> say("settings", file));
        DataFolder.require(settings.data());
        PageConfig.check(settings.settings());
        var meters = meters();
        try (var model = openModel();
                var engines = engines(model, engineConfig, meters);
                var metrics = listener(meters);
                var servers = servers()) {
            var config = settings.pipeline(servers.connection());
            try (var stop = StopSignal.install()) {
                if (!createTopics(config, stop)) {
                    return stop.exitCodeOfService();
                }
                try (var page = page(config, servers, engines);
                        var pipeline = LocalPipeline.start(config, model, engines.all(), engineConfig, meters)) {
                    running = pipeline;
                    try (var bridge = bridge(config, servers, model);
                            var _ = spans(config);
                            var _ = JobFeeder.start(servers.connection(), config.topics())) {
                        return serve(config, servers, metrics, stop, new Ways(bridge, page));
                    }
                }
            }
        }
    }

    private Figures figures() {
        return Objects.requireNonNull(figures, "no engine is open yet");
    }

    private LocalPipeline pipeline() {
        return Objects.requireNonNull(running, "the pipeline has not started yet");
    }

    private ListenerAccess access() {
        return new ListenerAccess(settings.settings().find(SettingTable.METRICS_TOKEN));
    }

    private MetricsServer listener(PrometheusMeterRegistry meters) {
        return MetricsServer.start(settings.settings().get(SettingTable.METRICS_HOST),
                settings.settings().get(SettingTable.METRICS_PORT),
                access(), new PipelinePages(settings, meters, figures(), () -> running));
    }

    private Model openModel() {
        Backends.prepare(settings.settings().get(SettingTable.BACKEND));
        var model = ModelOption.open(settings.model(), settings.settings().find(SettingTable.CONTEXT).orElse(0),
                spec.commandLine().getErr());
        return settings.settings().get(SettingTable.PARSE_SPECIAL) == ParsedText.MESSAGES
                ? model.withParsesMessages(true)
                : model;
    }

    private EngineConfig engineConfig() {
        try {
            return settings.engine();
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Engines engines(Model model, EngineConfig config, PrometheusMeterRegistry meters) {
        var backends = backends(model);
        var engines = Engines.start(model, backends, config, spec.commandLine().getErr());
        var first = backends.getFirst(); // whose arithmetic depends on the weights that it has
        String device = (backends.size() == 1 ? "" : backends.size() + " engines, each ") + first.name() + ": "
                + first.describe();
        figures = new Figures(new Figures.Names(settings.settings().get(SettingTable.APPLICATION_ID),
                settings.servedModel(), device), meters, this::health);
        say("model", settings.model() + " on " + device);
        backends.forEach(backend -> backend.keptWeights().ifPresent(words -> say("weights", words)));
        say("KV cache", engines.blocks() + " blocks of " + config.blockTokens() + " positions");
        return engines;
    }

    private List<BackendGroup> backends(Model model) {
        String name = settings.settings().get(SettingTable.BACKEND);
        int threads = settings.settings().find(SettingTable.THREADS).orElse(0);
        var devices = DeviceList.parse(settings.settings().find(SettingTable.DEVICES).orElse(""));
        var wanted = settings.settings().find(SettingTable.ENGINES);
        String tp = settings.settings().get(SettingTable.TP);
        int ranks = orRefuse(devices.isChosen() && tp.equals("auto") ? SettingTable.DEVICES : SettingTable.TP,
                () -> Backends.ranks(tp, name, model, devices, wanted.orElse(1)));
        int engines = wanted.orElseGet(() -> devices.engines(ranks));
        var opened = orRefuse(wanted.isPresent() ? SettingTable.ENGINES : SettingTable.BACKEND,
                () -> Backends.open(name, threads, ranks, engines, devices));
        for (var backend : opened) {
            orRefuse(SettingTable.KV_BITS,
                    () -> Backends.withCacheOf(settings.settings().get(SettingTable.KV_BITS), backend));
            settings.settings().find(SettingTable.PACKED_WEIGHTS).ifPresent(folder -> orRefuse(
                    SettingTable.PACKED_WEIGHTS, () -> Backends.withWeightsIn(folder, model, backend)));
        }
        KernelTuning.apply(opened.getFirst(), threads).ifPresent(chosen -> say("kernels", chosen));
        return opened;
    }

    /// Names the setting whose value is the cause if something cannot be done.
    private <T> T orRefuse(Setting<?> setting, Supplier<T> doing) {
        try {
            return doing.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), settings.settings().words(setting) + ": "
                    + e.getMessage(), e);
        }
    }

    private Servers servers() {
        if (isEmbedded()) {
            say("data", settings.data().toString());
            return Servers.embedded(settings.data(), ports());
        }
        var connection = ClientTarget.cluster(settings.settings(), line -> say("cluster", line));
        if (!waits()) {
            connection.check();
        }
        return Servers.at(connection);
    }

    /// Starts the HTTP bridge; null if the settings ask for none.
    private @Nullable Bridge bridge(PipelineConfig config, Servers servers, Model model) {
        var http = new HttpSettings(settings.settings());
        var texts = ModelTexts.of(model);
        http.warning().ifPresent(warning -> say("warning", warning));
        return http.startBeside(servers.connection(), config.topics(), texts, isEmbedded()).orElse(null);
    }

    /// Starts the export of spans; null if no variable of the environment asks for it.
    private @Nullable GenerationSpans spans(PipelineConfig config) {
        var names = new GenerationSpans.Names(
                config.servedModel(), config.topics().requests(), config.applicationId());
        return Tracing.start(System.getenv(), names, () -> Optional.of(pipeline().notes())).orElse(null);
    }

    /// Starts the page, and lets the engines record their steps for it; null if the settings ask for none.
    private @Nullable PageServer page(PipelineConfig config, Servers servers, Engines engines) {
        var topics = new PageConfig.Topics(servers.connection(), config.topics(), config.applicationId());
        return PageConfig.of(settings.settings(), topics).map(page -> {
            var traces = engines.recordTo(PageOfPipeline::newTrace);
            return PageServer.start(page, new PageOfPipeline(traces, figures(), () -> running));
        }).orElse(null);
    }

    private EmbeddedPorts ports() {
        return new EmbeddedPorts(settings.settings().find(SettingTable.BROKER_PORT),
                settings.settings().find(SettingTable.REGISTRY_PORT));
    }

    private boolean isEmbedded() {
        return settings.settings().get(SettingTable.EMBEDDED);
    }

    private boolean waits() {
        return settings.settings().get(SettingTable.WAIT_FOR_SERVERS);
    }

    /// Creates the topics if the settings say so, and waits for the cluster if the settings allow it.
    ///
    /// @return false if the command was told to stop in the meantime
    private boolean createTopics(PipelineConfig config, StopSignal stop) {
        if (!isEmbedded() && !settings.settings().get(SettingTable.CREATE_TOPICS)) {
            return true;
        }
        for (long pauseMs = LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
            try {
                LocalPipeline.createTopics(config, settings.settings().get(SettingTable.PARTITIONS),
                        settings.settings().find(SettingTable.REPLICATION),
                        settings.settings().get(SettingTable.RETENTION));
                return true;
            } catch (CommandException e) {
                if (!waits() || !LocalPipeline.mayBeLater(e)) {
                    throw e;
                }
                say("waiting", e.getMessage());
                starting = new Health(Health.State.STARTING, "waiting: " + e.getMessage());
            }
            if (stop.await(pauseMs)) {
                return false;
            }
        }
    }

    /// The servers of `up` that a browser or an HTTP client can reach.
    ///
    /// @param bridge the HTTP bridge; null if there is none
    /// @param page   the page; null if there is none
    private record Ways(@Nullable Bridge bridge, @Nullable PageServer page) {}

    private int serve(PipelineConfig config, Servers servers, MetricsServer metrics, StopSignal stop, Ways ways) {
        say("kafka", servers.connection().bootstrapServers());
        say("registry", servers.connection().registryUrl());
        say("metrics", metrics.url() + "/metrics, /health, /ready");
        if (ways.bridge() != null) {
            say("http", ways.bridge().url() + "/v1");
        }
        if (ways.page() != null) {
            say("page", ways.page().url());
        }
        if (awaitReady(stop)) {
            pipeline().registered().ifPresent(registered -> say(config.applicationId(), registered));
            var note = RunningPipeline.announce(config.applicationId(), config.servedModel(), new PipelineAddress(
                    servers.connection().bootstrapServers(), servers.connection().registryUrl(), config.topics()),
                    metrics.url());
            say("ready", "serving " + config.servedModel() + "; Ctrl-C stops it");
            while (!stop.await(LOOK_MS)) {
                pipeline().throwIfFailed();
                if (!servers.isAlive()) {
                    throw new CommandException("the embedded broker has ended; its log is in " + settings.data());
                }
            }
            note.withdraw();
        }
        say("stopping", "unfinished generations stay stored");
        return stop.exitCodeOfService();
    }

    private boolean awaitReady(StopSignal stop) {
        try {
            return pipeline().awaitReady(stop::isRaised);
        } catch (CommandException e) {
            if (pipeline().undecided().isEmpty()) {
                throw e;
            }
            var command = new StringBuilder("flover");
            for (String argument : spec.root().commandLine().getParseResult().originalArgs()) {
                command.append(' ').append(argument.matches("[\\w@%+=:,./-]+") ? argument : "'" + argument + "'");
            }
            var said = new StringBuilder(e.getMessage() + "; choose one of");
            for (var choice : pipeline().undecided().get().choices()) {
                said.append("\n  ").append(command).append(' ').append(choice.option()).append("\n      ")
                        .append(choice.meaning());
            }
            throw new CommandException(said.toString(), e);
        }
    }

    private void say(String applicationId, Registered registered) {
        var assignment = registered.assignment();
        boolean isDefault = applicationId.equals(assignment.defaultGroup());
        say("models", String.join(", ", assignment.namesOf(applicationId)) + "; requests that name none are answered "
                + (isDefault ? "here" : "by the group " + assignment.defaultGroup()));
        registered.note().ifPresent(note -> say("requests", note));
    }

    private Health health() {
        var pipeline = running;
        return pipeline == null ? starting : pipeline.health();
    }

    private PrometheusMeterRegistry meters() {
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        // The id of a process is random, so with this tag each start would add new time series.
        // The version of the clients is the same in all lines.
        meters.config().meterFilter(MeterFilter.ignoreTags("process.id", "kafka.version"))
                .meterFilter(KafkaMetrics.of(settings.settings().get(SettingTable.METRICS_KAFKA)));
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
        var addresses = Stream.of(SettingTable.BOOTSTRAP_SERVERS, SettingTable.REGISTRY_URL)
                .filter(settings.settings()::isSet).map(settings.settings()::words).toList();
        if (isEmbedded() && !addresses.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "embedded (" + settings.settings()
                    .source(SettingTable.EMBEDDED).words() + ") brings its own broker and registry; leave it out, or "
                    + "leave out " + String.join(" and ", addresses));
        }
    }
}
