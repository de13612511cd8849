package dev.flover.tests.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import dev.flover.schemas.Alternative;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.TokenLogprob;
import dev.flover.schemas.serdes.ContractSerde;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that share no code with Flover read the records that Flover writes, and write requests that Flover reads.
class IndependentClientTest {
    private static final String REQUESTS = "generation-requests";
    private static final String TOKENS = "generation-tokens";
    private static final int PARTITIONS = 3;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;

    private static EmbeddedBroker broker;
    private static EmbeddedRegistry registry;

    @BeforeAll
    static void start() throws Exception {
        registry = EmbeddedRegistry.start(folder.resolve("registry"));
        broker = EmbeddedBroker.start(folder.resolve("kafka"));
        try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(REQUESTS, PARTITIONS, (short) 1),
                    new NewTopic(TOKENS, PARTITIONS, (short) 1))).all().get(30, TimeUnit.SECONDS);
        }
        writeChunks();
    }

    @AfterAll
    static void stop() {
        if (broker != null) {
            broker.close();
        }
        registry.close();
    }

    @Test
    void javaScriptReadsCommittedTokens() throws Exception {
        var client = ExternalProgram.kafkajs();

        var lines = client.run("", "read", broker.bootstrapServers(), registry.url(), TOKENS, "2");

        assertThat(lines).hasSize(2);
        var first = JSON.readTree(lines.getFirst());
        assertThat(first.get("key").asText()).isEqualTo("größe");
        assertThat(first.at("/value/text").asText()).isEqualTo("Once ");
        assertThat(ints(first.at("/value/token_ids"))).containsExactly(403, 407);
        assertThat(first.at("/value/logprobs/0/alternatives/0/token_id").asInt()).isEqualTo(9);
        var last = JSON.readTree(lines.getLast());
        assertThat(last.at("/value/terminal").asBoolean()).isTrue();
        assertThat(last.at("/value/finish/reason").asText()).isEqualTo("LENGTH");
        assertThat(last.at("/value/finish/message").asText()).isEqualTo("naïve 👋");
        assertThat(last.at("/value/metadata/who").asText()).isEqualTo("me");
    }

    @Test
    void kcatSeesTheRegistrysFraming() throws Exception {
        var kcat = ExternalProgram.kcat();

        var lines = kcat.run("", "-C", "-q", "-b", broker.bootstrapServers(), "-t", TOKENS, "-o", "beginning", "-e",
                "-X", "isolation.level=read_committed", "-s", "value=b>ic", "-f", "%k %s\n");

        assertThat(lines).hasSize(2).allMatch(line -> line.startsWith("größe "));
    }

    @Test
    void weReadRequestsOfJavaScriptInThePartitionWhereOursWouldBe() throws Exception {
        var client = ExternalProgram.kafkajs();
        var ours = GenerationRequest.newBuilder().setId("ours").setPrompt("Once").build();
        try (var serde = ContractSerde.of(GenerationRequest.class, registryProperties())) {
            serde.serializer().serialize(REQUESTS, ours);       // registers the contract's schema
            var keys = List.of("a", "b", "schlüssel", "req-0001", "req-0002", UUID.nameUUIDFromBytes(new byte[1]) + "");
            var lines = client.run(requestLines(keys), "write", broker.bootstrapServers(), registry.url(), REQUESTS);
            var written = read(serde, keys.size());

            assertThat(written).extracting(ConsumerRecord::key).containsExactlyInAnyOrderElementsOf(keys);
            assertThat(lines).hasSameSizeAs(keys);
            for (var record : written) {
                assertThat(record.value().getId()).isEqualTo(record.key());
                assertThat(record.value().getPrompt()).isEqualTo("Es war einmal ein Schlüssel");
                assertThat(record.value().getMaxTokens()).isEqualTo(12);
                assertThat(record.value().getSampling().getTemperature()).isEqualTo(0.5f);
                assertThat(record.partition()).isEqualTo(partitionOfJavaClient(record.key()));
            }
        }
    }

    /// Writes one transaction that is committed and one that is aborted: a reader may see only the first.
    private static void writeChunks() {
        var properties = Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers(),
                "transactional.id", "chunks");
        try (var serde = ContractSerde.of(TokenChunk.class, registryProperties());
                var producer = new KafkaProducer<>(properties, new StringSerializer(), serde.serializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(TOKENS, "größe", chunk(0, "Once ")
                    .setLogprobs(List.of(logprob())).build()));
            producer.send(new ProducerRecord<>(TOKENS, "größe", chunk(2, "upon").setTerminal(true)
                    .setFinish(Finish.newBuilder().setReason(FinishReason.LENGTH).setMessage("naïve 👋").build())
                    .setMetadata(Map.of("who", "me")).build()));
            producer.commitTransaction();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(TOKENS, "größe", chunk(4, "never").build()));
            producer.flush();
            producer.abortTransaction();
        }
    }

    private static TokenChunk.Builder chunk(int position, String text) {
        return TokenChunk.newBuilder().setRequestId("größe").setPosition(position).setTokenIds(List.of(403, 407))
                .setText(text);
    }

    private static TokenLogprob logprob() {
        return TokenLogprob.newBuilder().setTokenId(403).setLogprob(-0.5f)
                .setAlternatives(List.of(new Alternative(9, -2f))).build();
    }

    private static String requestLines(List<String> keys) throws Exception {
        var schema = JSON.readTree(GenerationRequest.getClassSchema().toString());
        var lines = new StringBuilder();
        for (var key : keys) {
            var value = JSON.createObjectNode();
            for (var field : schema.get("fields")) {
                value.set(field.get("name").asText(), field.get("default"));     // as Avro writes a default in JSON
            }
            value.put("id", key).put("prompt", "Es war einmal ein Schlüssel").put("max_tokens", 12);
            ((ObjectNode) value.get("sampling")).put("temperature", 0.5);
            lines.append(JSON.createObjectNode().put("key", key).<JsonNode>set("value", value)).append('\n');
        }
        return lines.toString();
    }

    private static List<ConsumerRecord<String, GenerationRequest>> read(
            ContractSerde<GenerationRequest> serde, int count) {
        var properties = Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers(), "group.id", "reader",
                "auto.offset.reset", "earliest");
        var records = new ArrayList<ConsumerRecord<String, GenerationRequest>>();
        try (var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), serde.deserializer())) {
            consumer.subscribe(List.of(REQUESTS));
            for (int polls = 0; records.size() < count && polls < 100; polls++) {
                consumer.poll(Duration.ofMillis(300)).forEach(records::add);
            }
        }
        return records;
    }

    private static int partitionOfJavaClient(String key) {
        byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return BuiltInPartitioner.partitionForKey(bytes, PARTITIONS);
    }

    private static List<Integer> ints(JsonNode array) {
        var ints = new ArrayList<Integer>();
        array.forEach(element -> ints.add(element.asInt()));
        return ints;
    }

    private static Map<String, Object> registryProperties() {
        return Map.of("schema.registry.url", registry.url());
    }
}
