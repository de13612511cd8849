package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.embedded.EmbeddedRegistry;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.setup.Topics;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientFactory;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// A broker that is slow, out of reach, full, or has lost its topics: the pipeline waits and continues without help.
class BrokerFaultStoryTest {
    private static final int TOKENS = 150;
    private static final Map<String, String> IMPATIENT = Map.of("main.consumer.session.timeout.ms", "2000",
            "main.consumer.heartbeat.interval.ms", "300", "producer.max.block.ms", "5000",
            "producer.request.timeout.ms", "4000", "producer.delivery.timeout.ms", "5000", "request.timeout.ms", "4000",
            "default.api.timeout.ms", "6000");

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private static StoryBroker broker;
    /// A registry of this class alone, because a test stops and starts it.
    private static EmbeddedRegistry registry;

    private final Map<String, SequenceRequest> bare = new LinkedHashMap<>();

    @BeforeAll
    static void startRegistry() {
        broker = SERVERS.disturbed();
        registry = EmbeddedRegistry.start(folder.resolve("registry"));
    }

    @AfterAll
    static void stopRegistry() {
        if (registry != null) {
            registry.close();
        }
    }

    /// Makes a story whose client connects to the broker directly, not through the proxy.
    private static Story story(StoryBroker broker, int partitions) {
        return new Story(broker.direct(), registry.url(), folder.resolve("state"), partitions);
    }

    private static Pipeline startBehindProxy(Story story, StoryBroker broker) {
        var config = story.config.withKafka(IMPATIENT).withKafka(Map.of("bootstrap.servers", broker.proxied()));
        return story.start(config, BundledModel.engine(story.model), new SimpleMeterRegistry());
    }

    private void send(Story story, String... ids) {
        for (var id : ids) {
            var prompt = Story.OPENINGS.get(bare.size() % Story.OPENINGS.size());
            long seed = bare.size();
            story.client.send(GenerationRequest.newBuilder(Client.greedy(id, prompt, TOKENS).build()).setSeed(seed)
                    .setIgnoreEos(true).build());
            bare.put(id, story.bare(prompt, SamplingParams.greedy(), TOKENS));
        }
    }

    private static void awaitTokens(Story story, String id) {
        story.client.await("tokens of " + id, () -> !story.client.chunks(id).isEmpty());
    }

    private void awaitAll(Story story) {
        story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
    }

    private void assertWhole(Story story) {
        var expected = BundledModel.tokens(List.copyOf(bare.values()));
        var ids = new ArrayList<>(bare.keySet());
        for (int i = 0; i < ids.size(); i++) {
            assertThat(story.client.tokens(ids.get(i))).as("tokens of " + ids.get(i)).isEqualTo(expected.get(i));
            assertThat(story.client.result(ids.get(i)).getTokenIds()).isEqualTo(expected.get(i));
        }
        assertThat(story.client.deadLetters).isEmpty();
    }

    @Test
    void slowCutHalfClosedAndStalledConnectionsLoseAndRepeatNothing() throws Exception {
        try (var story = story(broker, 2); var admin = Admin.create(Map.of("bootstrap.servers", broker.direct()));
                var pipeline = startBehindProxy(story, broker)) {
            send(story, "before");
            awaitTokens(story, "before");
            broker.proxy().delay(30);
            send(story, "slow-1", "slow-2");
            awaitAll(story);
            broker.proxy().delay(0);

            send(story, "cut-1", "cut-2");
            awaitTokens(story, "cut-1");
            assertThat(broker.proxy().cut()).isPositive();
            awaitAll(story);

            send(story, "half-1", "half-2");
            awaitTokens(story, "half-1");
            assertThat(broker.proxy().halfClose()).isPositive();
            awaitAll(story);

            send(story, "stalled-1", "stalled-2");
            awaitTokens(story, "stalled-1");
            broker.proxy().hold();
            story.client.await("end of the session", () -> isEmpty(admin, story.config));
            broker.proxy().release();
            awaitAll(story);

            story.client.await("service", () -> pipeline.health().isReady());
            assertWhole(story);
        }
    }

    private static boolean isEmpty(Admin admin, PipelineConfig config) {
        var group = config.applicationId();
        return admin.describeConsumerGroups(List.of(group)).describedGroups().get(group)
                .toCompletionStage().toCompletableFuture().join().groupState() == GroupState.EMPTY;
    }

    @Test
    void topicsThatAreDeletedAreWaitedForAndNoResultIsLost() throws Exception {
        try (var story = story(broker, 1); var admin = Admin.create(Map.of("bootstrap.servers", broker.direct()));
                var pipeline = startBehindProxy(story, broker)) {
            send(story, "a", "b", "c");
            for (var id : bare.keySet()) {
                awaitTokens(story, id);     // otherwise the topic may be deleted before the request was read
            }
            var topics = story.config.topics();
            admin.deleteTopics(List.of(topics.requests(), topics.tokens())).all().get();
            story.client.await("sentence", () -> pipeline.health().detail().contains("missing: " + topics.requests()));

            new Topics(admin, topics).create(1, (short) 1, Duration.ofHours(1));

            var expected = BundledModel.tokens(List.copyOf(bare.values()));
            int next = 0;
            for (var id : bare.keySet()) {
                assertThat(story.client.result(id).getTokenIds()).as("result of " + id).isEqualTo(expected.get(next++));
            }
            send(story, "after");
            story.client.await("service", () -> story.client.ended().contains("after"));
            assertThat(story.client.tokens("after")).hasSize(TOKENS);
        }
    }

    @Test
    void aSchemaThatCannotBeFetchedNowIsNoDeadLetterAndHoldsUpNoLiveGeneration() throws Exception {
        int port = URI.create(registry.url()).getPort();
        try (var story = story(broker, 1); var pipeline = startBehindProxy(story, broker)) {
            send(story, "before");
            story.client.result("before");
            send(story, "live-1", "live-2");
            byte[] unknown = inANewSchema(story, Client.greedy("unknown", "The old house", TOKENS)
                    .setIgnoreEos(true).build());
            awaitTokens(story, "live-1");
            registry.close();
            try {
                story.client.send("unknown", unknown);
                awaitAll(story);
                assertThat(story.client.ended()).doesNotContain("unknown");
                assertThat(pipeline.health().isReady()).isTrue();
            } finally {
                registry = EmbeddedRegistry.start(folder.resolve("registry"), port);
            }
            bare.put("unknown", story.bare("The old house", SamplingParams.greedy(), TOKENS));
            awaitAll(story);
            assertWhole(story);
        }
    }

    @Test
    void aTransactionThatIsNeverEndedIsNamedAndWaitedFor() throws Exception {
        Map<String, Object> patient = Map.of("bootstrap.servers", broker.direct(), "transactional.id", "lost",
                "transaction.timeout.ms", 300_000);
        try (var story = story(broker, 1);
                var foreign = new KafkaProducer<>(patient, new ByteArraySerializer(), new ByteArraySerializer())) {
            send(story, "a");
            try (var first = startBehindProxy(story, broker)) {
                awaitTokens(story, "a");
                assertThat(first.health().isReady()).isTrue();
            }
            var changelog = story.config.applicationId() + "-progress-changelog";
            foreign.initTransactions();
            foreign.beginTransaction();
            foreign.send(new ProducerRecord<>(changelog, 0, new byte[] {0}, null)).get();
            try (var second = startBehindProxy(story, broker)) {
                story.client.await("sentence", () -> second.health().detail().contains("abort --topic " + changelog));
                assertThat(second.health().detail()).contains(changelog + "-0 has a transaction open since");
                foreign.abortTransaction();
                awaitAll(story);
                assertWhole(story);
            }
        }
    }

    /// Encodes the request as a newer client would: with one more field, the last, which is left at its default.
    private static byte[] inANewSchema(Story story, GenerationRequest request) throws Exception {
        var fields = new ArrayList<Schema.Field>();
        var known = GenerationRequest.getClassSchema();
        known.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
        fields.add(new Schema.Field("comment", Schema.create(Schema.Type.STRING), null, ""));
        var newer = Schema.createRecord(known.getName(), known.getDoc(), known.getNamespace(), false, fields);
        String topic = story.config.topics().requests();
        int id;
        try (var client = SchemaRegistryClientFactory.newClient(List.of(registry.url()), 10,
                List.of(new AvroSchemaProvider()), Map.of(), Map.of())) {
            id = client.register(topic + "-value", new AvroSchema(newer));
        }
        byte[] written = story.client.wire(request);
        return ByteBuffer.allocate(written.length + 1).put(written).putInt(1, id).put((byte) 0).array();
    }

    @Test
    void aBrokerWhoseDiskIsFullIsWaitedFor() throws Exception {
        Assumptions.assumeTrue(StoryBroker.canMount(folder), "no disk can be mounted here: unshare -rm fails");
        try (var small = StoryBroker.startOnDisk(folder.resolve("small"), 48); var story = story(small, 1);
                var pipeline = startBehindProxy(story, small)) {
            send(story, "before-1", "before-2");
            awaitTokens(story, "before-1");
            var ballast = small.disk().resolve("ballast");
            fill(ballast, Files.getFileStore(small.disk()));
            for (int i = 0; i < 20; i++) {
                send(story, "full-" + i);
            }
            small.awaitFailure();
            Files.delete(ballast);
            small.awaitReady();

            awaitAll(story);
            story.client.await("service", () -> pipeline.health().isReady());
            assertWhole(story);
        }
    }

    private static void fill(Path ballast, FileStore store) throws IOException {
        try (var file = Files.newByteChannel(ballast, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            var block = ByteBuffer.allocate(4096);
            while (store.getUsableSpace() >= block.capacity()) {
                file.write(block.clear());
            }
        }
    }
}
