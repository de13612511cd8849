package dev.flover.app.settings;

import static dev.flover.app.settings.Setting.Reader.BRIDGE;
import static dev.flover.app.settings.Setting.Reader.CLIENT;
import static dev.flover.app.settings.Setting.Reader.PIPELINE;
import static dev.flover.app.settings.Setting.Reader.WATCHER;

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
import dev.flover.http.jobs.JobTopics;
import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.config.Patience;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.config.PipelineConfig.RecordForm;
import dev.flover.topology.config.PipelineConfig.Remembering;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.config.PipelineConfig.Sharing;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import dev.flover.topology.config.Recovery;
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
            "The model's name in requests. Default: the file's name without its extension.");
    public static final Setting<String> ALIASES = pipeline(Section.MODEL, "alias",
            text("\\s*[^,\\s][^,]{0,199}(,\\s*[^,\\s][^,]{0,199})*", "a name, or several separated by commas",
                    "NAME,..."), "Further names of the model, for requests.");
    public static final Setting<Boolean> DEFAULT_GROUP = pipeline(Section.MODEL, "default-model-group", new Flag(),
            "false", "Become the group that answers requests without a model's name, once the present one has given "
                    + "that up (`flover models give-up --default`). The first application id on a requests topic "
                    + "becomes it in any case.");
    public static final Setting<Integer> CONTEXT = pipeline(Section.MODEL, "context", new Whole(1, ANY),
            "Most positions of a sequence; it determines the size of the KV cache. Default: the context that the model "
                    + "was trained for.");
    public static final Setting<ParsedText> PARSE_SPECIAL = pipeline(Section.MODEL, "parse-special",
            new Choice<>(ParsedText.class), Choice.write(ParsedText.NOTHING),
            "messages: a special token that is spelled in a message becomes that token, so that the author of a "
                    + "request can speak as the system or the assistant. nothing: its spelling stays text.");
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
            "Where an application id begins to answer at its first start: earliest, latest, or with requests written "
                    + "since a time. Required if the requests topic already holds requests; ignored at later starts.");
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
            "false", "Wait at start, and log it, for a broker and a registry that do not answer or whose host names "
                    + "cannot be resolved; otherwise the start fails with a message. A pipeline that has started "
                    + "always waits.");
    public static final Setting<Path> CLIENT_PROPERTIES = setting(Section.KAFKA, "client-properties", new File("FILE"),
            Optional.empty(), "A properties file as for Kafka's own tools (security.protocol, sasl.jaas.config, "
                    + "basic.auth.user.info, ...). Settings under kafka.* and registry.* override it.", BOTH);
    public static final Setting<String> PIPELINE_NAME = setting(Section.KAFKA, "pipeline", text(".+", "not empty",
                    "NAME"), Optional.empty(),
            "The pipeline on this machine that a client talks to: its application id, its model's name or its process "
                    + "id. Needed only if several run.", Set.of(PIPELINE, CLIENT, WATCHER));

    // Settings of the topics

    public static final Setting<String> TOPIC_PREFIX = setting(Section.TOPICS, "topic-prefix",
            text("[A-Za-z0-9._-]{0,200}", "letters, digits, ., _ and -, at most 200 of them", "TEXT"), Optional.of(""),
            "Prefix of the name of each topic whose own setting is not given.", BOTH);
    public static final Setting<String> REQUESTS_TOPIC = topic("requests-topic", TopicNames.standard().requests(),
            "Requests and cancels.");
    public static final Setting<String> TOKENS_TOPIC = topic("tokens-topic", TopicNames.standard().tokens(),
            "Chunks of answers, written as the tokens are committed.");
    public static final Setting<String> RESULTS_TOPIC = topic("results-topic", TopicNames.standard().results(),
            "Complete answers, one record each.");
    public static final Setting<String> DEAD_LETTERS_TOPIC = topic("dead-letters-topic",
            TopicNames.standard().deadLetters(), "Records that could not be handled.");
    public static final Setting<String> MODELS_TOPIC = topic("models-topic", TopicNames.standard().models(),
            "Assigns each model to one of the pipelines that share the requests topic.");
    public static final Setting<String> FLAT_RESULTS_TOPIC = setting(Section.TOPICS, "flat-results-topic", TOPIC,
            Optional.empty(), "Complete answers once more, as rows of scalar fields that the sinks of databases take, "
                    + "in the transaction of the result. Default: none are written.", Set.of(PIPELINE));
    public static final Setting<Boolean> FLAT_RESULTS_PROMPT = pipeline(Section.TOPICS, "flat-results-prompt",
            new Flag(), "false", "Whether the rows of flat-results-topic contain the prompt.");
    public static final Setting<Boolean> CREATE_TOPICS = pipeline(Section.TOPICS, "create-topics", new Flag(), "false",
            "Create missing topics; --embedded always does.");
    public static final Setting<Integer> PARTITIONS = pipeline(Section.TOPICS, "partitions", new Whole(1, 1000), "4",
            "Partitions of topics that are created.");
    public static final Setting<Integer> REPLICATION = pipeline(Section.TOPICS, "topic-replication",
            new Whole(1, Short.MAX_VALUE), "Replicas of topics that are created. Default: the brokers' own default.");
    public static final Setting<Duration> RETENTION = pipeline(Section.TOPICS, "topic-retention",
            new Time(MINUTE, YEAR.multipliedBy(100)), Time.write(Duration.ofDays(7)),
            "Retention of topics that are created.");

    // Settings of the embedded servers

    public static final Setting<Boolean> EMBEDDED = pipeline(Section.EMBEDDED, "embedded", new Flag(), "false",
            "Start a broker and a registry for this pipeline, on loopback.");
    public static final Setting<Integer> BROKER_PORT = pipeline(Section.EMBEDDED, "broker-port",
            new Whole(0, MAX_PORT), "Port of the embedded broker; 0 takes a free one. Default: the port of the last "
                    + "start with this data folder; a free one at the first start.");
    public static final Setting<Integer> REGISTRY_PORT = pipeline(Section.EMBEDDED, "registry-port",
            new Whole(0, MAX_PORT), "Port of the embedded registry; 0 takes a free one. Default: the port of the last "
                    + "start with this data folder; a free one at the first start.");

    // Settings of metrics and health

    public static final Setting<String> METRICS_HOST = pipeline(Section.METRICS, "metrics-host", text("\\S+",
                    "a host name or an IP address of this machine", "HOST"), "127.0.0.1",
            "Address at which metrics and health are served.");
    public static final Setting<Integer> METRICS_PORT = pipeline(Section.METRICS, "metrics-port",
            new Whole(0, MAX_PORT), "9464",
            "Port of /metrics (Prometheus), /health, /ready, /status, /generations and /threads; 0 takes a free one.");
    public static final Setting<Path> METRICS_TOKEN = setting(Section.METRICS, "metrics-token", new File("FILE"),
            Optional.empty(), "File with a token in its first line. Who sends it as a bearer token may read "
                    + "/generations and /threads from other machines; `status`, `ps` and `top` send it. Default: these "
                    + "pages are for this machine only.", Set.of(PIPELINE, WATCHER));
    public static final Setting<MetricNames> METRICS_NAMES = pipeline(Section.METRICS, "metrics-names",
            new Choice<>(MetricNames.class), Choice.write(MetricNames.FLOVER),
            "flover: the metrics of docs/operate/watch.md. vllm: also the names that dashboards and autoscalers for "
                    + "vLLM read.");
    public static final Setting<String> METRICS_KAFKA = pipeline(Section.METRICS, "metrics-kafka",
            text("[a-z_*]*(\\s*,\\s*[a-z_*]+)*", "names of metrics, separated by commas, with * at the end for all "
                    + "that begin so", "NAME,..."), KafkaMetricNames.STANDARD,
            "The metrics of Kafka's clients that are published; * publishes all, about three hundred.");

    // Settings of the page

    public static final Setting<String> PAGE = pipeline(Section.PAGE, "page",
            text("off|([^\\s:]+:|\\[[0-9a-fA-F:]+\\]:)?\\d{1,5}", "a port, host:port, or off", "[HOST:]PORT|off"),
            "Address of the page for a browser; on loopback unless a host is given; port 0 takes a free one; off "
                    + "serves none. Default: 127.0.0.1:9465, or any free port if that is in use.");
    public static final Setting<String> PAGE_HOSTS = pipeline(Section.PAGE, "page-hosts", LIST,
            "Accepted host names of the page's requests, besides those of the loopback address. Default: none on "
                    + "loopback, any elsewhere.");
    public static final Setting<Path> PAGE_TOKEN = pipeline(Section.PAGE, "page-token", new File("FILE"),
            "File with a token in its first line, which the page needs for texts and actions: it follows #token= in "
                    + "the page's address. Default: a new random token at each start, which `up` prints with the "
                    + "address.");

    // Settings of the HTTP bridge

    public static final Setting<String> HTTP = bridge("http", text("([^\\s:]+:|\\[[0-9a-fA-F:]+\\]:)?\\d{1,5}",
                    "a port, or host:port", "[HOST:]PORT"), Optional.empty(),
            "Address of the HTTP bridge, which serves OpenAI's API; on loopback unless a host is given; port 0 takes a "
                    + "free one. Default: 127.0.0.1:8080 with `serve` and --embedded; otherwise there is no bridge.");
    public static final Setting<Path> HTTP_TOKENS = bridge("http-tokens", new File("FILE"), Optional.empty(),
            "File of the accepted bearer tokens, as digests, each with tenant, greatest priority and models. Default: "
                    + "requests need no token.");
    public static final Setting<String> HTTP_HOSTS = bridge("http-hosts", LIST, Optional.empty(),
            "Accepted host names of requests, besides those of the loopback address. Default: none on loopback, any "
                    + "elsewhere.");
    public static final Setting<String> HTTP_ORIGINS = bridge("http-origins", LIST, Optional.empty(),
            "Origins of web pages whose requests are accepted (CORS), such as https://chat.example.org; * for all. "
                    + "Default: none.");
    public static final Setting<Long> HTTP_BODY = bridge("http-max-body", new Size(1, 1 << 30), Optional.of("4MiB"),
            "Greatest size of a request's body.");
    public static final Setting<Integer> HTTP_CONNECTIONS = bridge("http-max-connections", new Whole(1, 1_000_000),
            Optional.of("2048"), "Most connections at once; further ones wait to be accepted.");
    public static final Setting<Integer> HTTP_WAITING = bridge("http-max-waiting", new Whole(1, ANY),
            Optional.of("1000"), "Most requests that wait for their first token, as counted by one bridge; further "
                    + "requests are answered with 429.");
    public static final Setting<Long> HTTP_FILES_QUOTA = bridge("http-files-quota", new Size(1 << 20, 1L << 50),
            Optional.of("1GiB"), "Most bytes of all uploaded files of a tenant together.");
    public static final Setting<Duration> HTTP_FILES_KEPT = bridge("http-files-kept",
            new Time(Duration.ofHours(1), JobTopics.MOST_FILE_AGE), Optional.of("7d"),
            "How long an uploaded file is kept, and how long the output of a batch can be read, unless the client's "
                    + "call gives another time.");
    public static final Setting<UnknownParameters> HTTP_UNKNOWN = bridge("http-unknown-parameters",
            new Choice<>(UnknownParameters.class), Optional.of(Choice.write(UnknownParameters.REJECT)),
            "Handling of unknown parameters. reject: a 400 that names the nearest known one. ignore: they have no "
                    + "effect.");
    public static final Setting<Path> HTTP_MODEL = setting(Section.HTTP, "http-model", new File("FILE"),
            Optional.empty(), "For `serve`: the model's file, whose tokenizer is needed for /tokenize, /detokenize and "
                    + "the texts of logprobs. `up` uses the model that it serves.", Set.of(BRIDGE));

    // Settings of delivery and pace

    public static final Setting<Delivery> DELIVERY = pipeline(Section.DELIVERY, "delivery",
            new Choice<>(Delivery.class), Choice.write(Delivery.EXACTLY_ONCE),
            "exactly-once: tokens, progress and offsets commit in one transaction. at-least-once: a crash may repeat "
                    + "tokens, which readers recognise by their positions.");
    public static final Setting<RecordForm> OUTPUT = pipeline(Section.DELIVERY, "output",
            new Choice<>(RecordForm.class), Choice.write(RecordForm.AVRO),
            "Format of chunks and results: avro, with schemas of the registry, or json, without schemas. Requests are "
                    + "read in both formats.");
    public static final Setting<Duration> COMMIT_INTERVAL = pipeline(Section.DELIVERY, "commit-interval",
            new Time(MILLISECOND, MINUTE), Time.write(Pace.standard().commitInterval()),
            "Longest time that tokens wait for the commit of their transaction.");
    public static final Setting<Duration> TICK = pipeline(Section.DELIVERY, "tick",
            new Time(MILLISECOND, Duration.ofSeconds(1)), Time.write(Pace.standard().tick()),
            "Interval at which tokens are collected from the engine and new requests are given to it.");
    public static final Setting<Duration> CHUNK_INTERVAL = pipeline(Section.DELIVERY, "chunk-interval",
            new Time(NO_TIME, MINUTE), Time.write(Pace.standard().chunkInterval()),
            "Least time between two chunks of an answer; with 0 each commit sends its tokens as a chunk.");

    // Limits of one request

    public static final Setting<Long> REQUEST_BYTES = pipeline(Section.REQUESTS, "request-max-bytes",
            new Size(1, 7 << 20), Size.write(RequestLimits.standard().requestBytes()),
            "Greatest size of a request's record.");
    public static final Setting<Integer> REQUEST_ANSWERS = limit("request-max-answers",
            RequestLimits.standard().answers(), "Most answers to one prompt.");
    public static final Setting<Integer> REQUEST_TOKENS = limit("request-max-tokens",
            RequestLimits.standard().tokens(), "Most tokens generated for one request, all its answers together.");
    public static final Setting<Integer> REQUEST_STOPS = limit("request-max-stops",
            RequestLimits.standard().stopStrings(), "Most stop strings, and most stop ids.");
    public static final Setting<Integer> REQUEST_STOP_LENGTH = limit("request-max-stop-length",
            RequestLimits.standard().stopLength(), "Most characters of a stop string.");
    public static final Setting<Integer> REQUEST_BIASES = limit("request-max-biases",
            RequestLimits.standard().tokenBiases(), "Most entries of the logit bias.");

    public static final Setting<Pattern> SCHEMA_SUBJECTS = pipeline(Section.REQUESTS, "schema-subjects", new Names(),
            "Subjects of the schema registry that requests may name for their answers. Default: none.");
    public static final Setting<Pattern> RECORD_TOPICS = pipeline(Section.REQUESTS, "record-topics", new Names(),
            "Topics to which requests may have their answers written as Avro records; never the pipeline's own topics. "
                    + "Default: none.");

    public static final Setting<Pattern> REPLY_TOPICS = pipeline(Section.REQUESTS, "reply-topics", new Names(),
            "Topics to which requests may have their results sent, by the headers kafka_replyTopic or reply-topic; "
                    + "never the pipeline's own topics. Default: none.");
    public static final Setting<String> RETURN_HEADERS = pipeline(Section.REQUESTS, "return-headers",
            text("\\s*(?!flover\\.)[^,\\s]+(\\s*,\\s*(?!flover\\.)[^,\\s]+)*\\s*", "a name, or several separated by "
                    + "commas; none may begin with flover.", "NAME,..."),
            "Headers of a request's record that every record of its answer gets, besides traceparent, tracestate, "
                    + "those of CloudEvents (ce_*) and correlation ids; all together at most 16 headers and 4 KiB. "
                    + "Default: none.");

    // Settings of waiting and of sharing among tenants

    public static final Setting<Integer> WAITING_REQUESTS = pipeline(Section.WAITING, "waiting-max-requests",
            new Whole(1, ANY), Integer.toString(WaitingLimits.standard().requests()),
            "Most requests that wait in this process for the engine; further requests stay unread on their topic, as "
                    + "consumer lag.");
    public static final Setting<Long> WAITING_BYTES = pipeline(Section.WAITING, "waiting-max-bytes",
            new Size(1, 1L << 50), Size.write(WaitingLimits.standard().bytes()),
            "Most bytes of waiting requests; further requests stay unread on their topic, as consumer lag.");
    public static final Setting<Map<String, Double>> TENANT_WEIGHTS = pipeline(Section.WAITING, "tenant-weights",
            new Weights(1e6), "", "Relative shares of the tenants that have waiting requests; 1 for a tenant that is "
                    + "not named.");
    public static final Setting<Duration> PRIORITY_STEP = pipeline(Section.WAITING, "priority-step",
            new Time(NO_TIME, YEAR), Time.write(Sharing.equal().priorityStep()),
            "Waiting time that one step of priority is worth.");

    // Settings of how long requests are remembered

    public static final Setting<Duration> REMEMBER_ENDED = pipeline(Section.MEMORY, "remember-ended",
            new Time(NO_TIME, YEAR), Time.write(Remembering.standard().ended()),
            "How long the id of an ended request is kept. Until then, the same request gets the same answer again, and "
                    + "a different one under that id is refused.");
    public static final Setting<Duration> REMEMBER_CANCELLED = pipeline(Section.MEMORY, "remember-cancelled",
            new Time(NO_TIME, YEAR), Time.write(Remembering.standard().cancelled()),
            "How long a cancel is kept for a request that has not arrived yet.");
    public static final Setting<Integer> REMEMBER_IDS = pipeline(Section.MEMORY, "remember-max-ids",
            new Whole(1, ANY), Integer.toString(Remembering.standard().entries()),
            "Most ids kept for a partition; the oldest are deleted first.");
    public static final Setting<Integer> RESPONSE_CACHE = pipeline(Section.MEMORY, "response-cache",
            new Whole(0, ANY), Integer.toString(Remembering.standard().answers()),
            "Most stored answers that are reused for equal requests of the same tenant; with 0 every request is "
                    + "computed.");

    // Settings of recovery

    public static final Setting<OtherArithmetic> OTHER_ARITHMETIC = pipeline(Section.RECOVERY, "other-arithmetic",
            new Choice<>(OtherArithmetic.class), Choice.write(Recovery.standard().otherArithmetic()),
            "Handling of a generation that was begun with another model file or arithmetic. wait: it stays stored "
                    + "until an instance with the same fingerprints owns its partition. continue: it continues here, "
                    + "and its last chunk names both fingerprints.");
    public static final Setting<LostState> LOST_STATE = pipeline(Section.RECOVERY, "lost-state",
            new Choice<>(LostState.class), Choice.write(LostState.STOP),
            "Handling of a state that was lost: deleted changelogs, or offsets that neither Kafka nor the state has. "
                    + "stop: `up` reports the loss and ends. reread: all requests on the topic are read again; those "
                    + "with a result are skipped, the others are computed from their first token. abandon: unread "
                    + "requests are answered; requests that were read and have no answer stay without one.");
    public static final Setting<Integer> SUSPECT_AFTER = pipeline(Section.RECOVERY, "suspect-after",
            new Whole(1, 1000), Integer.toString(Recovery.standard().suspectAfter()),
            "Crashes of a process in which a generation may take part without progress before it is computed alone.");
    public static final Setting<Integer> ATTEMPTS_ALONE = pipeline(Section.RECOVERY, "attempts-alone",
            new Whole(1, 1000), Integer.toString(Recovery.standard().attemptsAlone()),
            "Crashes while a generation is computed alone before it is ended with an error.");
    public static final Setting<Duration> UNKNOWN_SCHEMA_WAIT = pipeline(Section.RECOVERY, "unknown-schema-wait",
            new Time(NO_TIME, YEAR), Time.write(Patience.standard().unknownSchema()),
            "How long the registry must report that a schema does not exist before a record with that schema becomes a "
                    + "dead letter.");
    public static final Setting<Integer> PARKED_RECORDS = pipeline(Section.RECOVERY, "parked-max-records",
            new Whole(1, ANY), Integer.toString(Patience.standard().parked()),
            "Most records of a partition that may wait for their schemas; beyond it, the partition is paused.");
    public static final Setting<Duration> STALLED_AFTER = pipeline(Section.RECOVERY, "stalled-after",
            new Time(MILLISECOND, YEAR), Time.write(Patience.standard().silence()),
            "How long no broker may answer, or a partition may make no progress, before a log line and /ready report "
                    + "it.");

    // Settings of the engine

    public static final Setting<String> BACKEND = pipeline(Section.ENGINE, "backend", ANYTHING, "auto",
            "auto, cpu, cpu-java, reference or cuda; `flover devices` lists those that work on this machine.");
    public static final Setting<Integer> THREADS = pipeline(Section.ENGINE, "threads", new Whole(0, ANY),
            "Compute threads of a CPU backend. Default: one for each core.");
    public static final Setting<String> TP = pipeline(Section.ENGINE, "tp", text("1|2|4|8|auto", "1, 2, 4, 8 or auto",
            "N"), "1",
            "Ranks that divide the model among themselves (tensor parallelism): groups of threads of a CPU backend, or "
                    + "devices of the backend cuda. auto is one for each NUMA node, or as few devices as hold the "
                    + "weights. Tokens do not depend on it; `flover inspect --tp list` shows what a model allows.");
    public static final Setting<String> DEVICES = pipeline(Section.ENGINE, "devices",
            text("\\d{1,4}(,\\d{1,4})*", "numbers of devices with commas between them, such as 0,1", "N,..."),
            "Devices of the backend cuda, by the numbers that `flover devices` prints: one for each rank of the first "
                    + "engine, then of the next. Default: the first ones.");
    public static final Setting<Integer> ENGINES = pipeline(Section.ENGINE, "engines", new Whole(1, 64),
            "Engines of this process, each with a whole copy of the model, a share of the threads and a stream thread "
                    + "of its own. Partitions are divided among them; max-sequences and kv-blocks are those of one "
                    + "engine. Useful on a machine with several NUMA nodes. Default: if devices is set, their "
                    + "number divided by the ranks of an engine; otherwise 1.");
    public static final Setting<Integer> MAX_SEQUENCES = pipeline(Section.ENGINE, "max-sequences",
            new Whole(1, 4096), "64", "Most generations in one fused step; further ones wait.");
    public static final Setting<Integer> TOKEN_BUDGET = pipeline(Section.ENGINE, "token-budget", new Whole(1, ANY),
            "Most rows (token positions) in one fused step. Default: enough for max-sequences and one prefill chunk.");
    public static final Setting<Integer> PREFILL_CHUNK = pipeline(Section.ENGINE, "prefill-chunk", new Whole(1, ANY),
            "64", "Most prompt positions of one request in a step.");
    public static final Setting<Integer> KV_BLOCKS = pipeline(Section.ENGINE, "kv-blocks", new Whole(1, ANY),
            "Size of the KV cache, in blocks of block-tokens positions in all layers; more positions fit if sliding "
                    + "windows have passed some of them. Default: room for max-sequences whole contexts, but at most "
                    + "the free memory of a device or a quarter of the machine's memory.");
    public static final Setting<Integer> BLOCK_TOKENS = pipeline(Section.ENGINE, "block-tokens", new Whole(1, 1024),
            "16", "Positions of a block of the KV cache, a power of two.");
    public static final Setting<Integer> STEPS_IN_FLIGHT = pipeline(Section.ENGINE, "steps-in-flight",
            new Whole(1, 2), "2", "Most steps in flight at once.");
    public static final Setting<Boolean> PREFIX_CACHING = pipeline(Section.ENGINE, "prefix-caching", new Flag(),
            "true", "Whether requests with equal beginnings share the full KV blocks of the beginning.");
    public static final Setting<Integer> KV_BITS = pipeline(Section.ENGINE, "kv-bits", new Whole(8, 16),
            "16", "Bits of a number in the KV cache: 16, or 8, which halves the memory and the reading of long "
                    + "contexts, changes answers slightly, and needs a CPU. A model whose weights are all f32 has 32 "
                    + "instead of 16.");
    public static final Setting<Path> PACKED_WEIGHTS = pipeline(Section.ENGINE, "packed-weights", new File("DIR"),
            "Folder in which the weights are kept as the CPU computes with them: packed by the first start, mapped by "
                    + "later ones and by other processes on the machine. It takes as much disk as the model. Default: "
                    + "weights are packed at every start.");

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
