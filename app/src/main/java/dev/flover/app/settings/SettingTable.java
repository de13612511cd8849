package dev.flover.app.settings;

import static dev.flover.app.settings.Setting.Reader.BRIDGE;
import static dev.flover.app.settings.Setting.Reader.CLIENT;
import static dev.flover.app.settings.Setting.Reader.PIPELINE;

import dev.flover.app.settings.Kind.Choice;
import dev.flover.app.settings.Kind.File;
import dev.flover.app.settings.Kind.Flag;
import dev.flover.app.settings.Kind.Names;
import dev.flover.app.settings.Kind.Size;
import dev.flover.app.settings.Kind.Text;
import dev.flover.app.settings.Kind.Time;
import dev.flover.app.settings.Kind.Weights;
import dev.flover.app.settings.Kind.Whole;
import dev.flover.app.settings.Setting.Reader;
import dev.flover.app.settings.Setting.Section;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.config.PipelineConfig.OtherArithmetic;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.config.PipelineConfig.Patience;
import dev.flover.topology.config.PipelineConfig.RecordForm;
import dev.flover.topology.config.PipelineConfig.Recovery;
import dev.flover.topology.config.PipelineConfig.Remembering;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.config.PipelineConfig.Sharing;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import dev.flover.topology.models.Begin;
import dev.flover.topology.position.LostState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The table of all settings. It yields the options of `up` and of the client commands, the names that a configuration
/// file and the environment may use, the output of `flover config`, and `docs/operate/settings.md`.
public final class SettingTable {
    private static final List<Setting<?>> SETTINGS = new ArrayList<>();

    private static final int ANY = Integer.MAX_VALUE;
    private static final int MAX_PORT = 65_535;
    private static final Duration NO_TIME = Duration.ZERO;
    private static final Duration MILLISECOND = Duration.ofMillis(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration YEAR = Duration.ofDays(365);
    private static final Set<Reader> BOTH = Set.of(PIPELINE, CLIENT);
    private static final Set<Reader> BRIDGES = Set.of(PIPELINE, BRIDGE);

    /// The pattern of a registry's URL. It excludes user and password, because messages and listings would repeat them.
    private static final String URL = "https?://[^\\s,/@]+(/[^\\s,]*)?";
    private static final Kind<String> ANYTHING = text(".+", "not empty", "NAME");
    private static final Kind<String> TOPIC = text("(?!\\.{1,2}$)[A-Za-z0-9._-]{1,249}",
            "the name of a topic: letters, digits, ., _ and -, at most 249 of them", "TOPIC");

    private static final Kind<String> LIST = text("\\s*[^,\\s]+(\\s*,\\s*[^,\\s]+)*\\s*",
            "a name, or several separated by commas", "NAME,...");

    // Settings of the model

    public static final Setting<Path> MODEL = pipeline(Section.MODEL, "model", new File("FILE"),
            "GGUF file, or folder with config.json and safetensors. Default: the small model that comes with Flover "
                    + "(3.7M parameters, English novels, one paragraph a generation).");
    public static final Setting<String> SERVED_MODEL = pipeline(Section.MODEL, "served-model", ANYTHING,
            "What requests call the model. Default: the file's name without its extension.");
    public static final Setting<String> ALIASES = pipeline(Section.MODEL, "alias",
            text("\\s*[^,\\s][^,]{0,199}(,\\s*[^,\\s][^,]{0,199})*", "a name, or several separated by commas",
                    "NAME,..."), "Further names of the model, for requests.");
    public static final Setting<Boolean> DEFAULT_GROUP = pipeline(Section.MODEL, "default-model-group", new Flag(),
            "false", "Answer requests that name no model, too, where another application id does and has given that up "
                    + "(`flover models give-up --default`). The first one on a requests topic does in any case.");
    public static final Setting<Integer> CONTEXT = pipeline(Section.MODEL, "context", new Whole(1, ANY),
            "Most positions of a sequence; the KV cache is sized by it. Default: what the model was trained for.");
    public static final Setting<ParsedText> PARSE_SPECIAL = pipeline(Section.MODEL, "parse-special",
            new Choice<>(ParsedText.class), Choice.write(ParsedText.NOTHING),
            "messages: special tokens that a message spells are those tokens, so that whoever writes requests can "
                    + "speak as the system or the assistant. nothing: they are text.");
    public static final Setting<Path> DATA = pipeline(Section.MODEL, "data", new File("DIR"),
            "Folder for this instance's state, and for the embedded servers' data. Default: $XDG_DATA_HOME/flover or "
                    + "~/.local/share/flover.");

    // Settings of Kafka and the schema registry

    public static final Setting<String> APPLICATION_ID = pipeline(Section.KAFKA, "application-id",
            text("[A-Za-z0-9._-]{1,200}", "letters, digits, ., _ and -, at most 200 of them, because names of topics "
                    + "begin with it", "ID"), "flover",
            "Instances with the same id share the work. It names the consumer group, the changelogs and the "
                    + "transactions.");
    public static final Setting<Begin> FROM = pipeline(Section.KAFKA, "from", new Kind.Moment(),
            "Where an application id that is started for the first time begins to answer: earliest, latest, or what "
                    + "was written since a time. Needed where the requests topic keeps requests; no effect later.");
    public static final Setting<String> BOOTSTRAP_SERVERS = setting(Section.KAFKA, "bootstrap-servers",
            text("\\s*[^\\s,]+:\\d{1,5}(\\s*,\\s*[^\\s,]+:\\d{1,5})*\\s*", "host:port, or several separated by commas",
                    "HOST:PORT,..."), Optional.empty(),
            "The Kafka cluster. Default: the one of the `flover up` that runs on this machine, or 127.0.0.1:9092.",
            BOTH);
    public static final Setting<String> REGISTRY_URL = setting(Section.KAFKA, "schema-registry-url",
            text("\\s*" + URL + "(\\s*,\\s*" + URL + ")*\\s*", "a URL such as http://localhost:8081, or several "
                    + "separated by commas, without credentials (registry.basic.auth.user.info holds them)", "URL"),
            Optional.empty(),
            "A registry that speaks Confluent's REST interface. Default: the one of the `flover up` that runs on this "
                    + "machine, or http://127.0.0.1:8081.", BOTH);
    public static final Setting<Boolean> WAIT_FOR_SERVERS = pipeline(Section.KAFKA, "wait-for-servers", new Flag(),
            "false", "Wait at start for a broker and a registry that do not answer, or whose names the name service "
                    + "does not know, and say so; otherwise the start ends with a sentence. Once it has started, a "
                    + "pipeline waits in any case.");
    public static final Setting<Path> CLIENT_PROPERTIES = setting(Section.KAFKA, "client-properties", new File("FILE"),
            Optional.empty(), "A properties file as Kafka's own tools take it (security.protocol, sasl.jaas.config, "
                    + "basic.auth.user.info, ...). What kafka.* and registry.* say wins over it.", BOTH);
    public static final Setting<String> PIPELINE_NAME = setting(Section.KAFKA, "pipeline", text(".+", "not empty",
                    "NAME"), Optional.empty(),
            "Which of the pipelines that run on this machine a client talks to: its application id, its model's name "
                    + "or the number of its process. Needed only where several run.", BOTH);

    // Settings of the topics

    public static final Setting<String> TOPIC_PREFIX = setting(Section.TOPICS, "topic-prefix",
            text("[A-Za-z0-9._-]{0,200}", "letters, digits, ., _ and -, at most 200 of them", "TEXT"), Optional.of(""),
            "Stands before the name of each topic that is not named by a setting of its own.", BOTH);
    public static final Setting<String> REQUESTS_TOPIC = topic("requests-topic", TopicNames.standard().requests(),
            "Requests and cancels.");
    public static final Setting<String> TOKENS_TOPIC = topic("tokens-topic", TopicNames.standard().tokens(),
            "Answers, as they grow.");
    public static final Setting<String> RESULTS_TOPIC = topic("results-topic", TopicNames.standard().results(),
            "Whole answers.");
    public static final Setting<String> DEAD_LETTERS_TOPIC = topic("dead-letters-topic",
            TopicNames.standard().deadLetters(), "Records that could not be handled.");
    public static final Setting<String> MODELS_TOPIC = topic("models-topic", TopicNames.standard().models(),
            "Which of the pipelines that share the requests topic answers for which model.");
    public static final Setting<Boolean> CREATE_TOPICS = pipeline(Section.TOPICS, "create-topics", new Flag(), "false",
            "Create the topics that are missing; --embedded does.");
    public static final Setting<Integer> PARTITIONS = pipeline(Section.TOPICS, "partitions", new Whole(1, 1000), "4",
            "Of topics that are created.");
    public static final Setting<Integer> REPLICATION = pipeline(Section.TOPICS, "topic-replication",
            new Whole(1, Short.MAX_VALUE), "Replicas of topics that are created. Default: the brokers' own default.");
    public static final Setting<Duration> RETENTION = pipeline(Section.TOPICS, "topic-retention",
            new Time(MINUTE, YEAR.multipliedBy(100)), Time.write(Duration.ofDays(7)),
            "How long topics that are created keep their records.");

    // Settings of the embedded servers

    public static final Setting<Boolean> EMBEDDED = pipeline(Section.EMBEDDED, "embedded", new Flag(), "false",
            "Bring an own broker and registry, on loopback.");
    public static final Setting<Integer> BROKER_PORT = pipeline(Section.EMBEDDED, "broker-port",
            new Whole(0, MAX_PORT), "Where the embedded broker listens; 0 takes a free port. Default: the port of the "
                    + "last start with this data folder, a free one at the first.");
    public static final Setting<Integer> REGISTRY_PORT = pipeline(Section.EMBEDDED, "registry-port",
            new Whole(0, MAX_PORT), "Where the embedded registry listens; 0 takes a free port. Default: the port of "
                    + "the last start with this data folder, a free one at the first.");

    // Settings of metrics and health

    public static final Setting<String> METRICS_HOST = pipeline(Section.METRICS, "metrics-host", text("\\S+",
                    "the name or number of an address of this machine", "HOST"), "127.0.0.1",
            "The address for metrics and health.");
    public static final Setting<Integer> METRICS_PORT = pipeline(Section.METRICS, "metrics-port",
            new Whole(0, MAX_PORT), "9464",
            "Serves /metrics (Prometheus), /health and /ready; 0 takes a free port.");

    // Settings of the HTTP bridge

    public static final Setting<String> HTTP = bridge("http", text("([^\\s:]+:|\\[[0-9a-fA-F:]+\\]:)?\\d{1,5}",
                    "a port, or host:port", "[HOST:]PORT"), Optional.empty(),
            "Where OpenAI's API is answered; on loopback unless a host is given, and port 0 takes a free one. Default: "
                    + "127.0.0.1:8080 with `serve` and --embedded; else nowhere.");
    public static final Setting<Path> HTTP_TOKENS = bridge("http-tokens", new File("FILE"), Optional.empty(),
            "Digests of the bearer tokens that may ask, each with tenant, greatest priority and models. Default: "
                    + "whoever reaches the address may ask.");
    public static final Setting<String> HTTP_HOSTS = bridge("http-hosts", LIST, Optional.empty(),
            "Names under which the bridge may be asked, beside those of the loopback address. Default: none on "
                    + "loopback, any elsewhere.");
    public static final Setting<String> HTTP_ORIGINS = bridge("http-origins", LIST, Optional.empty(),
            "Origins of web pages that may ask (CORS), such as https://chat.example.org; * for all. Default: none.");
    public static final Setting<Long> HTTP_BODY = bridge("http-max-body", new Size(1, 1 << 30), Optional.of("4MiB"),
            "Size of a request's body.");
    public static final Setting<Integer> HTTP_CONNECTIONS = bridge("http-max-connections", new Whole(1, 1_000_000),
            Optional.of("2048"), "Most connections at once; further ones wait to be accepted.");
    public static final Setting<Integer> HTTP_WAITING = bridge("http-max-waiting", new Whole(1, ANY),
            Optional.of("1000"), "Most requests that wait for their first token, as far as a bridge can see; beyond "
                    + "it, requests are answered with 429.");
    public static final Setting<UnknownParameters> HTTP_UNKNOWN = bridge("http-unknown-parameters",
            new Choice<>(UnknownParameters.class), Optional.of(Choice.write(UnknownParameters.REJECT)),
            "What becomes of parameters that nobody knows. reject: a 400 that names the nearest known one. ignore: "
                    + "they are left out.");
    public static final Setting<Path> HTTP_MODEL = setting(Section.HTTP, "http-model", new File("FILE"),
            Optional.empty(), "Of `serve`: the model's file, whose tokenizer /tokenize, /detokenize and the texts of "
                    + "logprobs need. `up` has it anyway.", Set.of(BRIDGE));

    // Settings of delivery and pace

    public static final Setting<Delivery> DELIVERY = pipeline(Section.DELIVERY, "delivery",
            new Choice<>(Delivery.class), Choice.write(Delivery.EXACTLY_ONCE),
            "exactly-once: tokens, progress and offsets commit in one transaction. at-least-once: a crash may repeat "
                    + "tokens, whose positions tell.");
    public static final Setting<RecordForm> OUTPUT = pipeline(Section.DELIVERY, "output",
            new Choice<>(RecordForm.class), Choice.write(RecordForm.AVRO),
            "How chunks and results are written: avro, with schemas of the registry, or json, which needs none. "
                    + "Requests are read in both.");
    public static final Setting<Duration> COMMIT_INTERVAL = pipeline(Section.DELIVERY, "commit-interval",
            new Time(MILLISECOND, MINUTE), Time.write(Pace.standard().commitInterval()),
            "Longest time that tokens wait for their transaction.");
    public static final Setting<Duration> TICK = pipeline(Section.DELIVERY, "tick",
            new Time(MILLISECOND, Duration.ofSeconds(1)), Time.write(Pace.standard().tick()),
            "Time between two looks at the engine.");
    public static final Setting<Duration> CHUNK_INTERVAL = pipeline(Section.DELIVERY, "chunk-interval",
            new Time(NO_TIME, MINUTE), Time.write(Pace.standard().chunkInterval()),
            "Least time between two chunks of an answer; 0 sends what each commit covers.");

    // Limits of one request

    public static final Setting<Long> REQUEST_BYTES = pipeline(Section.REQUESTS, "request-max-bytes",
            new Size(1, 7 << 20), Size.write(RequestLimits.standard().requestBytes()),
            "Size of a request's record.");
    public static final Setting<Integer> REQUEST_ANSWERS = limit("request-max-answers",
            RequestLimits.standard().answers(), "Answers to one prompt.");
    public static final Setting<Integer> REQUEST_TOKENS = limit("request-max-tokens",
            RequestLimits.standard().tokens(), "Tokens generated for one request, all answers together.");
    public static final Setting<Integer> REQUEST_STOPS = limit("request-max-stops",
            RequestLimits.standard().stopStrings(), "Stop strings, and as many stop ids.");
    public static final Setting<Integer> REQUEST_STOP_LENGTH = limit("request-max-stop-length",
            RequestLimits.standard().stopLength(), "Characters of a stop string.");
    public static final Setting<Integer> REQUEST_BIASES = limit("request-max-biases",
            RequestLimits.standard().tokenBiases(), "Entries of the logit bias.");

    public static final Setting<Pattern> SCHEMA_SUBJECTS = pipeline(Section.REQUESTS, "schema-subjects", new Names(),
            "Subjects of the schema registry that requests may name for their answers. Default: none.");
    public static final Setting<Pattern> RECORD_TOPICS = pipeline(Section.REQUESTS, "record-topics", new Names(),
            "Topics that requests may have their answers written to as Avro records. Never the pipeline's own ones. "
                    + "Default: none.");

    // Settings of waiting and of sharing among tenants

    public static final Setting<Integer> WAITING_REQUESTS = pipeline(Section.WAITING, "waiting-max-requests",
            new Whole(1, ANY), Integer.toString(WaitingLimits.standard().requests()),
            "Requests that wait in this process for the engine; beyond it, lag is the queue.");
    public static final Setting<Long> WAITING_BYTES = pipeline(Section.WAITING, "waiting-max-bytes",
            new Size(1, 1L << 50), Size.write(WaitingLimits.standard().bytes()),
            "Bytes of the requests that wait; beyond it, lag is the queue.");
    public static final Setting<Map<String, Double>> TENANT_WEIGHTS = pipeline(Section.WAITING, "tenant-weights",
            new Weights(1e6), "", "Shares of tenants relative to each other, while they have something waiting; 1 for "
                    + "a tenant that is not named.");
    public static final Setting<Duration> PRIORITY_STEP = pipeline(Section.WAITING, "priority-step",
            new Time(NO_TIME, YEAR), Time.write(Sharing.equal().priorityStep()),
            "One step of priority counts as much as having waited this much longer.");

    // Settings of how long requests are remembered

    public static final Setting<Duration> REMEMBER_ENDED = pipeline(Section.MEMORY, "remember-ended",
            new Time(NO_TIME, YEAR), Time.write(Remembering.standard().ended()),
            "How long an ended request's id is known, so that the same request again gets the same answer, and another "
                    + "one is refused.");
    public static final Setting<Duration> REMEMBER_CANCELLED = pipeline(Section.MEMORY, "remember-cancelled",
            new Time(NO_TIME, YEAR), Time.write(Remembering.standard().cancelled()),
            "How long a cancel waits for a request that has not come yet.");
    public static final Setting<Integer> REMEMBER_IDS = pipeline(Section.MEMORY, "remember-max-ids",
            new Whole(1, ANY), Integer.toString(Remembering.standard().entries()),
            "Most ids remembered by a partition; the oldest are forgotten first.");
    public static final Setting<Integer> RESPONSE_CACHE = pipeline(Section.MEMORY, "response-cache",
            new Whole(0, ANY), Integer.toString(Remembering.standard().answers()),
            "Most stored answers that equal requests of the same tenant are given instead of being computed; 0 "
                    + "computes each.");

    // Settings of recovery

    public static final Setting<OtherArithmetic> OTHER_ARITHMETIC = pipeline(Section.RECOVERY, "other-arithmetic",
            new Choice<>(OtherArithmetic.class), Choice.write(Recovery.standard().otherArithmetic()),
            "What becomes of a generation that was begun under another model file or arithmetic. wait: it stays "
                    + "stored until an instance with the same fingerprints gets its partition. continue: it goes on "
                    + "here, and its last chunk names both.");
    public static final Setting<LostState> LOST_STATE = pipeline(Section.RECOVERY, "lost-state",
            new Choice<>(LostState.class), Choice.write(LostState.STOP),
            "What is done where changelogs were deleted, or offsets that the state does not say either. stop: nothing, "
                    + "and `up` says what is gone. reread: the kept requests are read again; those that have a result "
                    + "are passed over, the others are computed, from their first token. abandon: what was not read "
                    + "yet is answered; what was read and has no answer stays without one.");
    public static final Setting<Integer> SUSPECT_AFTER = pipeline(Section.RECOVERY, "suspect-after",
            new Whole(1, 1000), Integer.toString(Recovery.standard().suspectAfter()),
            "Lives of a process a generation may take part in without progress before it is tried alone.");
    public static final Setting<Integer> ATTEMPTS_ALONE = pipeline(Section.RECOVERY, "attempts-alone",
            new Whole(1, 1000), Integer.toString(Recovery.standard().attemptsAlone()),
            "Lives it may end alone before it is given up with an error.");
    public static final Setting<Duration> UNKNOWN_SCHEMA_WAIT = pipeline(Section.RECOVERY, "unknown-schema-wait",
            new Time(NO_TIME, YEAR), Time.write(Patience.standard().unknownSchema()),
            "How long the registry has to say that it has no such schema before a record of it is a dead letter.");
    public static final Setting<Integer> PARKED_RECORDS = pipeline(Section.RECOVERY, "parked-max-records",
            new Whole(1, ANY), Integer.toString(Patience.standard().parked()),
            "Records of a partition that may wait for their schemas; beyond it, the partition is held back.");
    public static final Setting<Duration> STALLED_AFTER = pipeline(Section.RECOVERY, "stalled-after",
            new Time(MILLISECOND, YEAR), Time.write(Patience.standard().silence()),
            "How long something may stand still (no broker answers, a partition is held up) before a line and /ready "
                    + "say so.");

    // Settings of the engine

    public static final Setting<String> BACKEND = pipeline(Section.ENGINE, "backend", ANYTHING, "auto",
            "auto, cpu, cpu-java, reference or cuda; `flover devices` says which work here.");
    public static final Setting<Integer> THREADS = pipeline(Section.ENGINE, "threads", new Whole(0, ANY),
            "Threads that compute, on a host backend. Default: one for each core.");
    public static final Setting<Integer> MAX_SEQUENCES = pipeline(Section.ENGINE, "max-sequences",
            new Whole(1, 4096), "64", "Most generations in one fused step; further ones wait.");
    public static final Setting<Integer> TOKEN_BUDGET = pipeline(Section.ENGINE, "token-budget", new Whole(1, ANY),
            "Most rows (token positions) in one fused step. Default: what max-sequences and one prefill chunk need.");
    public static final Setting<Integer> PREFILL_CHUNK = pipeline(Section.ENGINE, "prefill-chunk", new Whole(1, ANY),
            "64", "Most prompt positions of one request in a step.");
    public static final Setting<Integer> KV_BLOCKS = pipeline(Section.ENGINE, "kv-blocks", new Whole(1, ANY),
            "KV cache, in blocks of block-tokens positions. Default: room for max-sequences whole contexts, at most "
                    + "what is free of a device's memory or a quarter of the machine's.");
    public static final Setting<Integer> BLOCK_TOKENS = pipeline(Section.ENGINE, "block-tokens", new Whole(1, 1024),
            "16", "Positions of a block of the KV cache, a power of two.");
    public static final Setting<Integer> STEPS_IN_FLIGHT = pipeline(Section.ENGINE, "steps-in-flight",
            new Whole(1, 2), "2", "Steps under way at once.");
    public static final Setting<Boolean> PREFIX_CACHING = pipeline(Section.ENGINE, "prefix-caching", new Flag(),
            "true", "Whether full blocks of equal beginnings are shared.");

    private SettingTable() {}

    /// Returns the settings in the order in which a reader meets them.
    public static List<Setting<?>> all() {
        return Collections.unmodifiableList(SETTINGS);
    }

    private static Kind<String> text(String form, String expected, String label) {
        return new Text(Pattern.compile(form), expected, label);
    }

    private static Setting<String> topic(String name, String standard, String description) {
        return setting(Section.TOPICS, name, TOPIC, Optional.of(standard), description, BOTH);
    }

    private static Setting<Integer> limit(String name, int standard, String description) {
        return pipeline(Section.REQUESTS, name, new Whole(1, ANY), Integer.toString(standard), description);
    }

    private static <T> Setting<T> bridge(String name, Kind<T> kind, Optional<String> standard, String description) {
        return setting(Section.HTTP, name, kind, standard, description, BRIDGES);
    }

    private static <T> Setting<T> pipeline(
            Section section, String name, Kind<T> kind, String standard, String description) {
        return setting(section, name, kind, Optional.of(standard), description, Set.of(PIPELINE));
    }

    private static <T> Setting<T> pipeline(Section section, String name, Kind<T> kind, String description) {
        return setting(section, name, kind, Optional.empty(), description, Set.of(PIPELINE));
    }

    private static <T> Setting<T> setting(Section section, String name, Kind<T> kind, Optional<String> standard,
            String description, Set<Reader> readers) {
        var setting = new Setting<>(name, section, kind, standard, description, readers);
        SETTINGS.add(setting);
        return setting;
    }
}
