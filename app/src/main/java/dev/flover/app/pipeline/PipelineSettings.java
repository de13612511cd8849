package dev.flover.app.pipeline;

import dev.flover.app.connection.Connection;
import dev.flover.app.connection.TopicSettings;
import dev.flover.app.options.BundledModel;
import dev.flover.app.options.FieldNames;
import dev.flover.app.options.ModelOption;
import dev.flover.app.settings.PassThrough;
import dev.flover.app.settings.Setting;
import dev.flover.app.settings.SettingException;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.engine.api.EngineConfig;
import dev.flover.topology.config.Patience;
import dev.flover.topology.config.PipelineConfig.Mentions;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.config.PipelineConfig.Remembering;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.config.PipelineConfig.Serving;
import dev.flover.topology.config.PipelineConfig.Sharing;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.Recovery;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Makes the configurations of the pipeline and of its engine from the settings of `up`.
public record PipelineSettings(Settings settings) {
    /// The value of `--kv-blocks` for as many blocks as fit into memory.
    private static final int FITTING_BLOCKS = 0;

    public Path model() {
        return settings.find(SettingTable.MODEL).orElseGet(BundledModel::path);
    }

    public String servedModel() {
        return settings.find(SettingTable.SERVED_MODEL).orElseGet(() -> ModelOption.servedName(model()));
    }

    public Path data() {
        return settings.find(SettingTable.DATA).map(Path::toAbsolutePath).orElseGet(PipelineSettings::usualData);
    }

    private static Path usualData() {
        String home = System.getenv("XDG_DATA_HOME");
        return home != null && !home.isEmpty()
                ? Path.of(home, "flover")
                : Path.of(System.getProperty("user.home"), ".local", "share", "flover");
    }

    /// @param servers the addresses of broker and registry; the clients' other properties come from the settings, also
    ///                if the servers are embedded
    public PipelineConfig pipeline(Connection servers) {
        var connection = new Connection(servers.bootstrapServers(), servers.registryUrl(),
                settings.passed(PassThrough.KAFKA), settings.passed(PassThrough.REGISTRY));
        return PipelineConfig.of(settings.get(SettingTable.APPLICATION_ID), connection.bootstrapServers(),
                        connection.registryUrl(), data().resolve("state"), servedModel())
                .withKafka(connection.kafka())
                .withRegistry(connection.registry())
                .with(TopicSettings.names(settings))
                .with(serving())
                .with(settings.get(SettingTable.DELIVERY))
                .with(settings.get(SettingTable.OUTPUT))
                .withFlatPrompts(settings.get(SettingTable.FLAT_RESULTS_PROMPT))
                .with(pace())
                .with(requests())
                .with(new WaitingLimits(settings.get(SettingTable.WAITING_REQUESTS),
                        settings.get(SettingTable.WAITING_BYTES)))
                .with(new Remembering(settings.get(SettingTable.REMEMBER_ENDED),
                        settings.get(SettingTable.REMEMBER_CANCELLED), settings.get(SettingTable.REMEMBER_IDS),
                        settings.get(SettingTable.RESPONSE_CACHE)))
                .with(new Sharing(settings.get(SettingTable.TENANT_WEIGHTS),
                        settings.get(SettingTable.PRIORITY_STEP)))
                .with(new Recovery(settings.get(SettingTable.OTHER_ARITHMETIC),
                        settings.get(SettingTable.SUSPECT_AFTER), settings.get(SettingTable.ATTEMPTS_ALONE),
                        new Patience(settings.get(SettingTable.UNKNOWN_SCHEMA_WAIT),
                                settings.get(SettingTable.PARKED_RECORDS), settings.get(SettingTable.STALLED_AFTER))));
    }

    private Serving serving() {
        return new Serving(names(SettingTable.ALIASES), settings.get(SettingTable.DEFAULT_GROUP),
                settings.find(SettingTable.FROM).orElse(null), settings.get(SettingTable.LOST_STATE));
    }

    private Set<String> names(Setting<String> setting) {
        return settings.find(setting).stream()
                .flatMap(names -> Stream.of(names.split(","))).map(String::strip).collect(Collectors.toSet());
    }

    private Pace pace() {
        return new Pace(settings.get(SettingTable.TICK), settings.get(SettingTable.COMMIT_INTERVAL),
                settings.get(SettingTable.CHUNK_INTERVAL));
    }

    private RequestLimits requests() {
        return RequestLimits.standard().with(limits -> limits
                .requestBytes(Math.toIntExact(settings.get(SettingTable.REQUEST_BYTES)))
                .answers(settings.get(SettingTable.REQUEST_ANSWERS))
                .tokens(settings.get(SettingTable.REQUEST_TOKENS))
                .stopStrings(settings.get(SettingTable.REQUEST_STOPS))
                .stopLength(settings.get(SettingTable.REQUEST_STOP_LENGTH))
                .tokenBiases(settings.get(SettingTable.REQUEST_BIASES))
                .mentions(new Mentions(settings.find(SettingTable.SCHEMA_SUBJECTS).orElse(null),
                        settings.find(SettingTable.RECORD_TOPICS).orElse(null),
                        settings.find(SettingTable.REPLY_TOPICS).orElse(null)))
                .headers(names(SettingTable.RETURN_HEADERS)));
    }

    /// @throws SettingException if settings contradict each other, naming the settings and their sources
    public EngineConfig engine() {
        int sequences = settings.get(SettingTable.MAX_SEQUENCES);
        int chunk = settings.get(SettingTable.PREFILL_CHUNK);
        int budget = settings.find(SettingTable.TOKEN_BUDGET)
                .orElse((int) Math.min((long) sequences + chunk, Integer.MAX_VALUE));
        try {
            return EngineConfig.of(sequences, budget).with(c -> c.prefillChunk(chunk)
                    .blockTokens(settings.get(SettingTable.BLOCK_TOKENS))
                    .kvBlocks(settings.find(SettingTable.KV_BLOCKS).orElse(FITTING_BLOCKS))
                    .stepsInFlight(settings.get(SettingTable.STEPS_IN_FLIGHT))
                    .prefixCaching(settings.get(SettingTable.PREFIX_CACHING)));
        } catch (IllegalArgumentException e) {
            throw unfitting(e.getMessage());
        }
    }

    private SettingException unfitting(String complaint) {
        String named = FieldNames.asOptions(complaint).replace("--", "");
        List<Setting<?>> involved = SettingTable.all().stream()
                .filter(setting -> (" " + named).contains(" " + setting.name())).collect(Collectors.toList());
        return new SettingException(named + "; there are " + involved.stream().map(settings::words)
                .collect(Collectors.joining(", ")));
    }
}
