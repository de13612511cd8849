package dev.flover.tests.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.Patience;
import dev.flover.topology.config.PipelineConfig.Mentions;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.config.Recovery;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Answers that have to fit an Avro schema from the registry, and the Avro records made of them, with a real broker.
class AnswerRecordsStoryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final String SUBJECT = "cats-value";
    private static final String CAT = """
            {"type": "record", "name": "Cat", "fields": [{"name": "name", "type": {"type": "string", "maxLength": 12}},
             {"name": "legs", "type": {"type": "int", "minimum": 2, "maximum": 4}}]}""";

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private FickleRegistry fickle;
    private Story story;
    private Admin admin;
    private String cats;

    @BeforeAll
    static void registerTheSchema() throws Exception {
        try (var client = new CachedSchemaRegistryClient(SERVERS.registryUrl(), 10)) {
            client.register(SUBJECT, new AvroSchema(CAT));
        }
    }

    @BeforeEach
    void makeTopics() throws Exception {
        fickle = FickleRegistry.before(SERVERS.registryUrl());
        story = new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), 1);
        admin = Admin.create(Map.of("bootstrap.servers", SERVERS.bootstrapServers()));
        cats = "cats-" + story.config.applicationId();
        admin.createTopics(List.of(new NewTopic(cats, 1, (short) 1))).all().get();
    }

    @AfterEach
    void close() {
        admin.close();
        story.close();
        fickle.close();
    }

    private Pipeline start() {
        var mentions = new Mentions(Pattern.compile(".*-value"), Pattern.compile("cats-.*"), null);
        return story.start(story.config.withRegistry(Map.of("schema.registry.url", fickle.url()))
                .with(RequestLimits.standard().with(mentions))
                .with(Recovery.standard().with(new Patience(PATIENCE, 100, Duration.ofSeconds(15)))),
                BundledModel.engine(story.model), meters);
    }

    private GenerationRequest.Builder cat(String id) {
        return GenerationRequest.newBuilder().setId(id).setPrompt("A cat named Tom. As JSON: ").setMaxTokens(100)
                .setSchemaSubject(SUBJECT).setRecordTopic(cats);
    }

    /// Reads the topic of the answers' records with Confluent's own deserializer and the real registry.
    private List<ConsumerRecord<String, Object>> records() throws IOException {
        var found = new ArrayList<ConsumerRecord<String, Object>>();
        try (var values = new KafkaAvroDeserializer()) {
            values.configure(Map.of("schema.registry.url", SERVERS.registryUrl()), false);
            try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", SERVERS.bootstrapServers(),
                    "isolation.level", "read_committed"), new StringDeserializer(), values)) {
                var partition = new TopicPartition(cats, 0);
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                long end = consumer.endOffsets(List.of(partition)).get(partition);
                while (consumer.position(partition) < end) {
                    consumer.poll(Duration.ofMillis(50)).forEach(found::add);
                }
            }
        }
        return found;
    }

    @Test
    void finishedAnswersAreRecordsThatConfluentsReaderReadsAndNoneComesTwiceOverRestarts() throws Exception {
        var ids = new TreeSet<String>();
        for (int i = 0; i < 12; i++) {
            story.client.send(cat("cat" + i).build());
            ids.add("cat" + i);
        }
        story.client.flush();
        try (var pipeline = start()) {
            story.client.await("some tokens", () -> !story.client.chunks.isEmpty());
            assertThat(pipeline.health().isAlive()).isTrue();
        }
        try (var pipeline = start()) {
            story.client.awaitTerminal(ids);
            assertThat(pipeline.awaitReady(Duration.ofSeconds(60))).as(pipeline.health().toString()).isTrue();
        }
        var records = records();
        assertThat(records).extracting(ConsumerRecord::key).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(records).allSatisfy(record -> {
            var cat = (GenericRecord) record.value();
            assertThat((int) cat.get("legs")).isBetween(2, 4);
            assertThat(story.client.text(record.key()))
                    .contains("\"legs\":" + cat.get("legs"));
            int number = Integer.parseInt(record.key().substring("cat".length()));
            assertThat(new String(record.headers().lastHeader("flover.source.offset").value(), UTF_8))
                    .isEqualTo(Integer.toString(number));
        });
    }

    @Test
    @Tag("long")
    void aRegistryThatIsAwayHoldsUpTheRequestThatNamesASubjectAloneAndWhatItNeverHadIsRejected() throws Exception {
        fickle.answersForSubjects(503, "busy");
        try (var pipeline = start()) {
            story.client.send(cat("waits").build());
            story.client.send(Client.greedy("plain", "The old house", 5).build());
            story.client.awaitTerminal(Set.of("plain"));
            assertThat(story.client.ended()).doesNotContain("waits");
            fickle.recoversForSubjects();
            story.client.awaitTerminal(Set.of("waits"));
            assertThat(story.client.result("waits").getFinishReason()).isEqualTo(FinishReason.STOP);

            fickle.answersForSubjects(404, "<html>404 page not found</html>");
            story.client.send(cat("behind-an-ingress").setSchemaVersion(1).build());
            story.client.send(Client.greedy("plainer", "The old house", 5).build());
            story.client.awaitTerminal(Set.of("plainer"));
            assertThat(story.client.ended()).doesNotContain("behind-an-ingress");
            fickle.recoversForSubjects();
            story.client.send(cat("nobodys").setSchemaSubject("dogs-value").build());
            story.client.send(cat("forbidden").setSchemaSubject("dogs").build());
            story.client.awaitTerminal(Set.of("behind-an-ingress", "nobodys", "forbidden"));
            assertThat(story.client.result("behind-an-ingress").getFinishReason()).isEqualTo(FinishReason.STOP);
            assertRejected("nobodys", "dogs-value");
            assertRejected("forbidden", "schema_subject");
            assertThat(pipeline.health().isReady()).isTrue();
            assertThat(records()).extracting(ConsumerRecord::key).containsExactly("waits", "behind-an-ingress");
        }
    }

    private void assertRejected(String id, String message) {
        assertThat(story.client.result(id).getFinishReason()).as(story.client.result(id).getMessage())
                .isEqualTo(FinishReason.REJECTED);
        assertThat(story.client.result(id).getMessage()).contains(message);
    }

    @Test
    @Tag("long")
    void aTopicThatIsLostWhileAnswersGrowCostsTheirRecordsAndNobodyElseAnything() throws Exception {
        try (var pipeline = start()) {
            var ids = new TreeSet<String>();
            for (int i = 0; i < 30; i++) {
                story.client.send(Client.greedy("r" + i, Story.OPENINGS.get(i % 8), 60).setIgnoreEos(true).build());
                ids.add("r" + i);
            }
            story.client.send(GenerationRequest.newBuilder(cat("cat").build()).setPrompt("A cat").build());
            story.client.send(cat("nowhere").setRecordTopic("cats-nowhere").build());
            story.client.flush();
            story.client.await("its first token", () -> !story.client.chunks("cat").isEmpty());
            admin.deleteTopics(List.of(cats)).all().get();
            ids.addAll(List.of("cat", "nowhere"));
            story.client.awaitTerminal(ids);
            for (int i = 0; i < 30; i++) {
                assertThat(story.client.tokens("r" + i)).hasSize(60);
            }
            assertRejected("nowhere", "does not exist");
            var end = story.client.chunks("cat").stream().filter(TokenChunk::getTerminal).toList();
            assertThat(end).hasSize(1);
            assertThat(pipeline.health().isReady()).isTrue();
            assertThat(meters.get("flover.lives").counter().count()).isEqualTo(1);
        }
    }
}
