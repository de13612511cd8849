package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.Main;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.Patience;
import dev.flover.topology.config.Recovery;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Producers write malformed records and the registry answers with errors: each record gets its answer, and Kafka
/// Streams keeps running in the same life.
class StrangeRecordsStoryTest {
    private static final int NOBODYS = 4_000_000;
    private static final String INGRESS = "<html><body>404 page not found</body></html>";
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private FickleRegistry fickle;
    private Story story;
    private Pipeline pipeline;
    private KafkaProducer<byte[], byte[]> producer;

    @BeforeEach
    void startPipeline() throws IOException {
        fickle = FickleRegistry.before(SERVERS.registryUrl());
        story = new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), 1);
        var config = story.config.withRegistry(Map.of("schema.registry.url", fickle.url()))
                .with(Recovery.standard().with(new Patience(PATIENCE, 100, Duration.ofSeconds(15))));
        pipeline = story.start(config, BundledModel.engine(story.model), meters);
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", SERVERS.bootstrapServers(), "linger.ms", 0,
                "compression.type", "gzip", "max.request.size", 64 << 20, "buffer.memory", 128L << 20),
                new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterEach
    void stopPipeline() {
        producer.close(Duration.ofSeconds(5));
        pipeline.close();
        story.close();
        fickle.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void write(String key, byte[] value, RecordHeaders headers) {
        producer.send(new ProducerRecord<>(story.config.topics().requests(), 0, bytes(key), value, headers));
    }

    /// Returns a good request whose bytes name the id of a foreign schema.
    private byte[] inSchema(String id, int schema) {
        return ByteBuffer.wrap(story.client.wire(Client.greedy(id, "The old house", 3).build())).putInt(1, schema)
                .array();
    }

    private static GenerationRequest request(String id) {
        return Client.greedy(id, "The old house", 3).setIgnoreEos(true).build();
    }

    private void assertServed(String id) {
        story.client.send(Client.greedy(id, "The old house", 2).setIgnoreEos(true).build());
        story.client.awaitTerminal(new TreeSet<>(List.of(id)));
        assertThat(story.client.tokens(id)).hasSize(2);
        assertThat(meters.get("flover.lives").counter().count()).as("lives of Kafka Streams").isEqualTo(1);
        assertThat(pipeline.health().isReady()).isTrue();
    }

    private String reason(String key) {
        story.client.await("a dead letter of " + key, () -> letter(key) != null);
        return new String(letter(key).headers().lastHeader("flover.reason").value(), StandardCharsets.UTF_8);
    }

    private ConsumerRecord<byte[], byte[]> letter(String key) {
        return story.client.deadLetters.stream()
                .filter(letter -> key.equals(new String(letter.key(), StandardCharsets.UTF_8))).findFirst()
                .orElse(null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"no-dash", "1digit", "", "dots..in"})
    void aSchemaThatAvroCannotParseIsADeadLetter(String name) {
        fickle.answers(NOBODYS, 200, "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"" + name
                + "\\\",\\\"fields\\\":[]}\"}");
        write("a", inSchema("a", NOBODYS), new RecordHeaders());
        assertThat(reason("a")).contains("Avro cannot parse the schema that the registry serves");
        assertServed("b");
    }

    @Test
    void anIngresssPageAndALaggingFollowerAreWaitedForAndHoldUpNoOtherKey() {
        int ours = ByteBuffer.wrap(story.client.wire(Client.greedy("x", "y", 1).build())).getInt(1);
        fickle.answers(ours, 404, INGRESS);
        write("late", inSchema("late", ours), new RecordHeaders());
        write("huge", new byte[9 << 20], new RecordHeaders());
        story.client.awaitTerminal(new TreeSet<>(List.of("huge")));
        assertThat(story.client.result("huge").getMessage()).contains("must have at most 524288 bytes, was 9437184");

        story.client.await("a second question", () -> fickle.asked(ours) > 1);
        fickle.answers(ours, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
        int before = fickle.asked(ours);
        story.client.await("the follower's answer", () -> fickle.asked(ours) > before);
        assertThat(story.client.ended()).containsExactly("huge");
        fickle.recovers(ours);

        story.client.awaitTerminal(new TreeSet<>(List.of("late")));
        assertThat(story.client.result("late").getFinishReason()).isNotEqualTo(FinishReason.REJECTED);
        assertThat(story.client.deadLetters).isEmpty();
        assertServed("after");
    }

    @Test
    void idsThatNobodyRegisteredAreAskedForOnceHoldNobodyUpAndAreDeadLettersInTheEnd() {
        for (int i = 0; i < 90; i++) {
            write("made-up-" + i, inSchema("made-up-" + i, NOBODYS + 1), new RecordHeaders());
        }
        assertServed("between");
        for (int i = 0; i < 90; i++) {
            assertThat(reason("made-up-" + i)).contains("Schema " + (NOBODYS + 1) + " not found");
        }
        assertThat(fickle.asked(NOBODYS + 1)).as("for 90 records in two seconds").isLessThan(20);
    }

    @Test
    void aCancelSkipsWhatWaitsForItsSchema() {
        fickle.answers(NOBODYS + 2, 503, INGRESS);
        write("a", inSchema("a", NOBODYS + 2), new RecordHeaders());
        story.client.await("the question", () -> fickle.asked(NOBODYS + 2) > 0);
        story.client.await("the list", () -> parked().contains("a  group " + story.config.applicationId()
                + ", partition 0, offset 0, schema " + (NOBODYS + 2) + ", "));
        story.client.cancel("a");
        story.client.awaitTerminal(new TreeSet<>(List.of("a")));
        assertThat(story.client.result("a").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertServed("b");
        assertThat(parked()).contains("no record waits for its schema");
    }

    private String parked() {
        var out = new StringWriter();
        var topics = story.config.topics();
        int code = Main.commandLine(new PrintWriter(out, true), new PrintWriter(out, true)).execute("parked",
                "--bootstrap-servers", SERVERS.bootstrapServers(), "--schema-registry-url", SERVERS.registryUrl(),
                "--requests-topic", topics.requests(), "--models-topic", topics.models());
        assertThat(code).as(out.toString()).isZero();
        return out.toString();
    }

    @Test
    void whatIsTooLargeToBeStoredBehindOneThatWaitsIsAnsweredInItsTurn() {
        var headers = new RecordHeaders();
        for (int i = 0; i < 9; i++) {
            headers.add("h" + i, new byte[1 << 20]);
        }
        fickle.answers(NOBODYS + 3, 503, INGRESS);
        write("a", inSchema("a", NOBODYS + 3), headers);
        write("a", new byte[12 << 20], headers);
        write("a", story.client.wire(Client.greedy("a", "The old house", 3).build()), headers);
        write("b", null, headers);
        assertServed("c");
        fickle.answers(NOBODYS + 3, 404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
        assertThat(reason("a")).contains("Schema not found");
        story.client.awaitTerminal(new TreeSet<>(List.of("a")));
        assertThat(story.client.result("a").getMessage()).as("the first that could be read")
                .contains("must have at most 524288 bytes, was " + (12 << 20));
        assertServed("d");
    }

    @Test
    void aSchemaThatIsNamedInAHeaderIsReadAndOneThatNobodyHasIsADeadLetterThatSaysWhatToDo() throws Exception {
        byte[] written = story.client.wire(request("by-guid"));
        byte[] avro = Arrays.copyOfRange(written, 5, written.length);
        int id = ByteBuffer.wrap(written).getInt(1);
        write("by-guid", avro, named(ByteBuffer.allocate(17).put((byte) 1).putLong(guid(id).getMostSignificantBits())
                .putLong(guid(id).getLeastSignificantBits())));
        byte[] other = story.client.wire(request("by-id"));
        write("by-id", Arrays.copyOfRange(other, 5, other.length),
                named(ByteBuffer.allocate(5).put((byte) 0).putInt(id)));
        write("a", new byte[] {2, 'a'}, named(ByteBuffer.allocate(17).put((byte) 1).putLong(3).putLong(4)));
        write("b", new byte[] {2, 'a'}, named(ByteBuffer.allocate(3)));

        story.client.awaitTerminal(Set.of("by-guid", "by-id"));
        assertThat(story.client.tokens("by-guid")).hasSize(3).isEqualTo(story.client.tokens("by-id"));
        assertThat(reason("a")).contains("by a GUID in the header __value_schema_id").contains("PrefixSchemaId");
        assertThat(reason("b")).contains("the header __value_schema_id must hold").contains("found 3 bytes");
        assertServed("c");
    }

    private static RecordHeaders named(ByteBuffer header) {
        var headers = new RecordHeaders();
        headers.add("__value_schema_id", header.array());
        return headers;
    }

    /// Asks the registry for the GUID of a schema.
    private UUID guid(int id) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var schema = URI.create(SERVERS.registryUrl() + "/schemas/ids/" + id);
            var answer = client.send(HttpRequest.newBuilder(schema).build(),
                    HttpResponse.BodyHandlers.ofString()).body();
            var guid = Pattern.compile("\"guid\":\"([0-9a-f-]{36})\"").matcher(answer);
            assertThat(guid.find()).as(answer).isTrue();
            return UUID.fromString(guid.group(1));
        }
    }

    /// Random sequences of records with few keys, values of all sizes and headers of all sizes, while the registry
    /// fails and recovers.
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void sequencesAtRandomEndNoLife(long seed) {
        var random = new Random(seed);
        var keys = new ArrayList<>(List.of("", "a", "b", "c", "k".repeat(300), "\u0000", "k".repeat(2 << 20)));
        for (int i = 0; i < 120; i++) {
            int unknown = NOBODYS + 10 + random.nextInt(3);
            switch (random.nextInt(6)) {
                case 0 -> fickle.answers(unknown, 503, INGRESS);
                case 1 -> fickle.answers(unknown, 200, "{\"schema\":\"{}\"}");
                case 2 -> fickle.answers(unknown, 200, "{}");
                case 3 -> fickle.answers(unknown, 404, INGRESS);
                default -> fickle.recovers(unknown);
            }
            var key = keys.get(random.nextInt(keys.size()));
            write(key, value(random, key, unknown), headers(random));
        }
        for (int unknown = NOBODYS + 10; unknown < NOBODYS + 13; unknown++) {
            fickle.recovers(unknown);
        }
        producer.flush();
        assertServed("after-" + seed);
    }

    private byte[] value(Random random, String key, int unknown) {
        byte[] noise = new byte[random.nextInt(100)];
        random.nextBytes(noise);
        return switch (random.nextInt(7)) {
            case 0 -> null;
            case 1 -> noise;
            case 2 -> inSchema(key.length() > 256 ? "a" : key, unknown);
            case 3 -> new byte[random.nextInt(12 << 20)];
            case 4 -> ByteBuffer.allocate(600_000).putInt(1, unknown).array();
            case 5 -> ByteBuffer.allocate(5 + noise.length).put(5, noise).putInt(1, unknown).array();
            default -> inSchema("a", unknown);
        };
    }

    private static RecordHeaders headers(Random random) {
        var headers = new RecordHeaders();
        for (int i = random.nextInt(4); i > 0; i--) {
            switch (random.nextInt(5)) {
                case 0 -> headers.add("large", new byte[random.nextInt(4 << 20)]);
                case 1 -> headers.add("traceparent", new byte[random.nextInt(600)]);
                case 2 -> headers.add("flover.cut.from.bytes", bytes("x"));
                case 3 -> headers.add("n".repeat(1 << random.nextInt(18)), null);
                default -> headers.add("", new byte[0]);
            }
        }
        return headers;
    }
}
