package dev.flover.topology.config;

import dev.flover.topology.models.Begin;
import dev.flover.topology.position.LostState;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Every name and limit of a pipeline.
///
/// @param applicationId names the consumer group, the changelog topics and the state folder; instances that share it
///                      share the work
/// @param kafka         client properties: `bootstrap.servers`, `security.protocol`, `sasl.jaas.config`, ...; they take
///                      precedence over the pipeline's own settings, also with the prefixes `producer.`,
///                      `main.consumer.` and so on
/// @param registry      registry client properties: `schema.registry.url`, credentials, TLS
/// @param stateDir      local folder for the state's checkpoints, the process's name in the group, and the mark of a
///                      process that has not ended properly
/// @param servedModel   the name by which requests ask for the model that is served here
/// @param delivery      exactly once; at least once is meant for measurements of the difference
/// @param output        the form of chunks and results; requests are read in both forms
/// @param flatPrompts   whether flat results contain the prompt
@RecordBuilder
@RecordBuilder.Options(enableWither = false)
public record PipelineConfig(
        String applicationId,
        Map<String, String> kafka,
        Map<String, String> registry,
        Path stateDir,
        String servedModel,
        TopicNames topics,
        Delivery delivery,
        Pace pace,
        RequestLimits limits,
        WaitingLimits waiting,
        Remembering remembering,
        Sharing sharing,
        Recovery recovery,
        Serving serving,
        RecordForm output,
        boolean flatPrompts) {

    private static final String ADMIN = "admin.";
    private static final List<String> CLIENT_KINDS = List.of(
            ADMIN, "producer.", "consumer.", "main.consumer.", "restore.consumer.", "global.consumer.");

    public PipelineConfig {
        kafka = Map.copyOf(kafka);
        registry = Map.copyOf(registry);
        Objects.requireNonNull(stateDir, "stateDir");
        require(!applicationId.isBlank(), "an application id is needed, was blank");
        require(kafka.containsKey("bootstrap.servers"), "bootstrap.servers is needed to find the Kafka cluster");
        require(registry.containsKey("schema.registry.url"), "schema.registry.url is needed to find the schemas");
    }

    /// A configuration with the given names and addresses, and everything else at its default.
    public static PipelineConfig of(
            String applicationId, String bootstrapServers, String registryUrl, Path stateDir, String servedModel) {
        return PipelineConfigBuilder.builder().applicationId(applicationId)
                .kafka(Map.of("bootstrap.servers", bootstrapServers))
                .registry(Map.of("schema.registry.url", registryUrl)).stateDir(stateDir).servedModel(servedModel)
                .topics(TopicNames.standard()).delivery(Delivery.EXACTLY_ONCE).pace(Pace.standard())
                .limits(RequestLimits.standard()).waiting(WaitingLimits.standard())
                .remembering(Remembering.standard()).sharing(Sharing.equal()).recovery(Recovery.standard())
                .serving(Serving.standard()).output(RecordForm.AVRO).flatPrompts(false).build();
    }

    /// A copy with further Kafka client properties.
    public PipelineConfig withKafka(Map<String, String> more) {
        var all = new HashMap<>(kafka);
        all.putAll(more);
        return PipelineConfigBuilder.builder(this).kafka(all).build();
    }

    /// A copy with further registry client properties.
    public PipelineConfig withRegistry(Map<String, String> more) {
        var all = new HashMap<>(registry);
        all.putAll(more);
        return PipelineConfigBuilder.builder(this).registry(all).build();
    }

    public PipelineConfig with(TopicNames other) {
        return PipelineConfigBuilder.builder(this).topics(other).build();
    }

    public PipelineConfig with(Delivery other) {
        return PipelineConfigBuilder.builder(this).delivery(other).build();
    }

    public PipelineConfig withFlatPrompts(boolean other) {
        return PipelineConfigBuilder.builder(this).flatPrompts(other).build();
    }

    public PipelineConfig with(Pace other) {
        return PipelineConfigBuilder.builder(this).pace(other).build();
    }

    public PipelineConfig with(RequestLimits other) {
        return PipelineConfigBuilder.builder(this).limits(other).build();
    }

    public PipelineConfig with(WaitingLimits other) {
        return PipelineConfigBuilder.builder(this).waiting(other).build();
    }

    public PipelineConfig with(Remembering other) {
        return PipelineConfigBuilder.builder(this).remembering(other).build();
    }

    public PipelineConfig with(Sharing other) {
        return PipelineConfigBuilder.builder(this).sharing(other).build();
    }

    public PipelineConfig with(Recovery other) {
        return PipelineConfigBuilder.builder(this).recovery(other).build();
    }

    public PipelineConfig with(Serving other) {
        return PipelineConfigBuilder.builder(this).serving(other).build();
    }

    public PipelineConfig with(RecordForm other) {
        return PipelineConfigBuilder.builder(this).output(other).build();
    }

    /// The properties of an admin client: those for all clients, and over them those with the prefix `admin.`.
    public Map<String, Object> admin() {
        var admin = new HashMap<String, Object>(kafka);
        kafka.forEach((name, value) -> {
            if (name.startsWith(ADMIN)) {
                admin.put(name.substring(ADMIN.length()), value);
            }
        });
        admin.keySet().removeIf(name -> CLIENT_KINDS.stream().anyMatch(name::startsWith));
        return admin;
    }

    /// A text with the names of client properties, but not their values, since some of them are secrets.
    @Override
    public String toString() {
        return "PipelineConfig[" + applicationId + ", kafka=" + new TreeSet<>(kafka.keySet()) + ", registry="
                + new TreeSet<>(registry.keySet()) + ", " + stateDir + ", " + servedModel + ", " + topics + ", "
                + delivery + ", " + pace + ", " + limits + ", " + waiting + ", " + remembering + ", " + sharing + ", "
                + recovery + ", " + serving + ", " + output + ", flatPrompts=" + flatPrompts + "]";
    }

    /// The topics that the pipeline reads and writes. `requests`, `tokens` and `results` have the same number of
    /// partitions.
    ///
    /// @param models      the topic that says which of the pipelines on the requests topic answers which models; has
    ///                    one partition
    /// @param flatResults the topic of results as rows of scalar fields, if they are written
    public record TopicNames(String requests, String tokens, String results, String deadLetters, String models,
            @Nullable String flatResults) {
        /// The topics of a pipeline that writes no flat results.
        public TopicNames(String requests, String tokens, String results, String deadLetters, String models) {
            this(requests, tokens, results, deadLetters, models, null);
        }

        public static TopicNames standard() {
            return new TopicNames("generation-requests", "generation-tokens", "generation-results",
                    "generation-dead-letters", "generation-models");
        }

        public List<String> all() {
            return Stream.of(requests, tokens, results, deadLetters, models, flatResults).filter(Objects::nonNull)
                    .toList();
        }
    }

    /// The group's share of the requests where several pipelines read one requests topic.
    ///
    /// @param aliases      further names of the served model
    /// @param defaultGroup whether this group is to take over the role of the default group from the group that has it
    ///                     now
    /// @param begin        the place in the requests topic where the group begins to read at its first start; null
    ///                     leaves it open, and the start is refused where the choice matters
    /// @param lostState    what is done where the group's offsets and its state do not fit each other
    public record Serving(Set<String> aliases, boolean defaultGroup, @Nullable Begin begin, LostState lostState) {
        public Serving {
            aliases = Set.copyOf(aliases);
        }

        public Serving(Set<String> aliases, boolean defaultGroup, @Nullable Begin begin) {
            this(aliases, defaultGroup, begin, LostState.STOP);
        }

        /// One model name, no alias; the place to begin is left open.
        public static Serving standard() {
            return new Serving(Set.of(), false, null);
        }

        public Serving from(Begin other) {
            return new Serving(aliases, defaultGroup, other, lostState);
        }

        public Serving with(LostState other) {
            return new Serving(aliases, defaultGroup, begin, other);
        }
    }

    /// The form of the records that clients read.
    public enum RecordForm {
        /// The registry's wire format.
        AVRO,
        /// A JSON object. The registry is then asked for the schemas of requests in Avro only.
        JSON
    }

    /// The guarantee with which tokens are written.
    public enum Delivery {
        /// Tokens, progress and offsets are committed in one transaction.
        EXACTLY_ONCE,
        /// A crash may repeat tokens that were already sent; positions let a client drop them.
        AT_LEAST_ONCE
    }

    /// How often the pipeline looks at the engine, commits and writes chunks.
    ///
    /// @param tick           time between two looks at the engine; below about 1.1 ms nothing is gained
    /// @param commitInterval longest time that tokens wait for their transaction; first tokens wait less, and all
    ///                       tokens wait up to four intervals more while requests wait for room. Each commit takes
    ///                       about 6 ms of the stream thread, during which the engine computes the steps that it was
    ///                       given
    /// @param chunkInterval  shortest time between two chunks of an answer; its first and last tokens do not wait for
    ///                       it. With zero, a chunk holds the tokens of one tick, or with exactly-once delivery those
    ///                       of one commit
    public record Pace(Duration tick, Duration commitInterval, Duration chunkInterval) {
        public Pace {
            require(tick.toMillis() >= 1, "tick must be at least 1 ms, was " + tick);
            require(commitInterval.toMillis() >= 1, "commitInterval must be at least 1 ms, was " + commitInterval);
            require(!chunkInterval.isNegative(), "chunkInterval must not be negative, was " + chunkInterval);
        }

        public static Pace standard() {
            return new Pace(Duration.ofMillis(1), Duration.ofMillis(50), Duration.ZERO);
        }
    }

    /// Limits on what one request may ask for. A request beyond them is rejected.
    ///
    /// @param requestBytes size of the record's value; the output topics must take records somewhat larger
    /// @param answers      most answers to one prompt
    /// @param tokens       most tokens generated for one request, all answers together
    /// @param stopStrings  most stop strings, and most stop ids
    /// @param stopLength   most characters of a stop string
    /// @param tokenBiases  most entries of the logit bias; allowed ids may be as many as the vocabulary has
    /// @param mentions     schema subjects and topics that the request may name
    /// @param headers      names of headers that come back with the answer, besides those that always do
    @RecordBuilder
    @RecordBuilder.Options(prefixEnclosingClassNames = false)
    public record RequestLimits(
            int requestBytes, int answers, int tokens, int stopStrings, int stopLength, int tokenBiases,
            Mentions mentions, Set<String> headers) implements RequestLimitsBuilder.With {
        private static final String OWN_HEADERS = "flover.";

        public RequestLimits {
            atLeastOne("requestBytes", requestBytes);
            atLeastOne("answers", answers);
            atLeastOne("tokens", tokens);
            atLeastOne("stopStrings", stopStrings);
            atLeastOne("stopLength", stopLength);
            atLeastOne("tokenBiases", tokenBiases);
            headers = Set.copyOf(headers);
            headers.forEach(name -> require(!name.startsWith(OWN_HEADERS), "the name of a header that comes back must "
                    + "not begin with " + OWN_HEADERS + ", was " + name));
        }

        public static RequestLimits standard() {
            return RequestLimitsBuilder.builder().requestBytes(512 << 10).answers(16).tokens(131_072).stopStrings(32)
                    .stopLength(256).tokenBiases(1024).mentions(Mentions.none()).headers(Set.of()).build();
        }

        public RequestLimits with(Mentions other) {
            return withMentions(other);
        }
    }

    /// Schema subjects and topics that a request may name. A name has to match the pattern as a whole.
    ///
    /// @param schemaSubjects subjects of the registry; null allows none
    /// @param recordTopics   topics for the records of answers; null allows none
    /// @param replyTopics    topics to which results are sent; null allows none
    public record Mentions(
            @Nullable Pattern schemaSubjects, @Nullable Pattern recordTopics, @Nullable Pattern replyTopics) {
        public static Mentions none() {
            return new Mentions(null, null, null);
        }

        /// Whether requests may name topics of other applications.
        public boolean allowTopics() {
            return recordTopics != null || replyTopics != null;
        }
    }

    /// Limits of the waiting room of a process. Beyond either of them the requests partitions are paused, so that
    /// further requests wait in the topic as consumer lag.
    ///
    /// Records that were fetched before the pause still come in, a few hundred at most.
    ///
    /// @param requests most requests that wait for the engine
    /// @param bytes    most bytes of their stored forms
    public record WaitingLimits(int requests, long bytes) {
        public WaitingLimits {
            atLeastOne("waiting requests", requests);
            require(bytes >= 1, "waiting bytes must be at least 1, was " + bytes);
        }

        public static WaitingLimits standard() {
            return new WaitingLimits(100_000, 256L << 20);
        }

        /// The limits of one of several waiting rooms of a process, which have equal shares, rounded up.
        public WaitingLimits share(int rooms) {
            return new WaitingLimits(Math.ceilDiv(requests, rooms), Math.ceilDiv(bytes, rooms));
        }
    }

    /// The memory of ids of requests that are not live.
    ///
    /// @param ended     for how long an ended request's id is known, so that the same request sent again gets the same
    ///                  answer
    /// @param cancelled for how long a cancel waits for a request that has not come yet
    /// @param entries   most ids remembered for a partition; the oldest are forgotten first
    /// @param answers   most stored answers that may be given to equal requests of the same tenant; 0: each request is
    ///                  computed
    public record Remembering(Duration ended, Duration cancelled, int entries, int answers) {
        public Remembering {
            require(!ended.isNegative(), "ended must not be negative, was " + ended);
            require(!cancelled.isNegative(), "cancelled must not be negative, was " + cancelled);
            atLeastOne("remembered entries", entries);
            require(answers >= 0, "answers must not be negative, was " + answers);
        }

        public static Remembering standard() {
            return new Remembering(Duration.ofDays(1), Duration.ofMinutes(1), 100_000, 0);
        }
    }

    /// How tenants share the engine when more requests wait than it can compute at once.
    ///
    /// @param weights      a tenant's share relative to others; 1 where the tenant is not named
    /// @param priorityStep one step of priority counts as much as having waited this much longer, so that no request
    ///                     starves
    public record Sharing(Map<String, Double> weights, Duration priorityStep) {
        public Sharing {
            weights = Map.copyOf(weights);
            weights.forEach((tenant, weight) ->
                    require(weight > 0 && weight <= 1e6, "the weight of tenant '" + tenant
                            + "' must be in (0, 1000000], was " + weight));
            require(!priorityStep.isNegative(), "priorityStep must not be negative, was " + priorityStep);
        }

        public static Sharing equal() {
            return new Sharing(Map.of(), Duration.ofSeconds(1));
        }
    }

    static void atLeastOne(String name, int value) {
        require(value >= 1, name + " must be at least 1, was " + value);
    }

    static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
