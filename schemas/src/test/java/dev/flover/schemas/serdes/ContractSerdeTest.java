package dev.flover.schemas.serdes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.client.MockSchemaRegistryClient;
import io.confluent.kafka.schemaregistry.testutil.MockSchemaRegistry;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ContractSerdeTest {
    private static final String SCOPE = "contract-serde-test";
    private static final Map<String, Object> PROPERTIES = Map.of("schema.registry.url", "mock://" + SCOPE);

    @AfterEach
    void dropRegistry() {
        MockSchemaRegistry.dropScope(SCOPE);
    }

    @Test
    void requestComesBackAsItWasWritten() {
        var request = GenerationRequest.newBuilder()
                .setId("r-1")
                .setPromptIds(List.of(1, 2, 3))
                .setSampling(Sampling.newBuilder().setTemperature(0.7f).setTopK(40).build())
                .setStop(List.of("\n\n", "ende"))
                .setSeed(Long.MIN_VALUE)
                .setMetadata(Map.of("greeting", "grüß dich 👋"))
                .build();
        try (var serde = ContractSerde.of(GenerationRequest.class, PROPERTIES)) {
            byte[] bytes = serde.serializer().serialize("generation-requests", request);

            var back = serde.deserializer().deserialize("generation-requests", bytes);

            assertThat(back).isEqualTo(request);
            assertThat(back.getMetadata().get("greeting")).isEqualTo("grüß dich 👋");
            assertThat(back.getPromptIds()).containsExactly(1, 2, 3);
        }
    }

    @Test
    void chunkAndResultShareTheirFinishReason() {
        var chunk = chunk().setTerminal(true).setFinish(finish(FinishReason.LENGTH)).build();
        var result = GenerationResult.newBuilder().setRequestId("r-1").setText("a b").setTokenIds(List.of(5, 6))
                .setFinishReason(chunk.getFinish().getReason())
                .setRequestedAt(Instant.ofEpochMilli(1)).setFinishedAt(Instant.ofEpochMilli(2)).build();
        try (var chunks = ContractSerde.of(TokenChunk.class, PROPERTIES);
                var results = ContractSerde.of(GenerationResult.class, PROPERTIES)) {
            assertThat(roundTrip(chunks, chunk)).isEqualTo(chunk);
            assertThat(roundTrip(results, result)).isEqualTo(result);
        }
    }

    @Test
    void nullStaysNull() {
        try (var serde = ContractSerde.of(TokenChunk.class, PROPERTIES)) {
            assertThat(serde.serializer().serialize("t", null)).isNull();
            assertThat(serde.deserializer().deserialize("t", null)).isNull();
        }
    }

    @Test
    void registeredSchemaSpeaksNoJava() throws Exception {
        try (var serde = ContractSerde.of(TokenChunk.class, PROPERTIES)) {
            serde.serializer().serialize("generation-tokens", chunk().build());
        }
        var registered = MockSchemaRegistry.getClientForScope(SCOPE).getLatestSchemaMetadata("generation-tokens-value");
        assertThat(registered.getSchema()).contains("request_id").doesNotContain("avro.java.string");
    }

    @Test
    void confluentsOwnDeserializerReadsWhatWeWrite() {
        byte[] bytes;
        try (var serde = ContractSerde.of(TokenChunk.class, PROPERTIES)) {
            bytes = serde.serializer().serialize("generation-tokens", chunk().build());
        }
        try (var confluent = new KafkaAvroDeserializer()) {
            confluent.configure(PROPERTIES, false);
            var generic = (GenericRecord) confluent.deserialize("generation-tokens", bytes);
            assertThat(generic.get("text")).hasToString("ein Wort");
            assertThat(generic.get("token_ids")).isEqualTo(List.of(7, 8));
        }
    }

    @Test
    void finishReasonOfLaterReleaseReadsAsUnknown() {
        var later = withExtraSymbol(TokenChunk.getClassSchema(), "THROTTLED");
        var finishSchema = later.getField("finish").schema().getTypes().get(1);
        var finish = new GenericRecordBuilder(finishSchema)
                .set("reason", new GenericData.EnumSymbol(finishSchema.getField("reason").schema(), "THROTTLED"))
                .build();
        var chunk = new GenericRecordBuilder(later).set("request_id", "r-1").set("position", 0)
                .set("token_ids", List.of()).set("text", "").set("finish", finish).build();
        try (var serializer = new KafkaAvroSerializer();
                var serde = ContractSerde.of(TokenChunk.class, PROPERTIES)) {
            serializer.configure(PROPERTIES, false);

            var read = serde.deserializer().deserialize("t", serializer.serialize("t", chunk));

            assertThat(read.getFinish().getReason()).isEqualTo(FinishReason.UNKNOWN);
        }
    }

    @Test
    void whatIsNotAvroIsUndecodable() {
        try (var serde = ContractSerde.of(GenerationRequest.class, PROPERTIES)) {
            for (byte[] bytes : List.of(new byte[0], "{\"id\": 1}".getBytes(StandardCharsets.UTF_8), new byte[4])) {
                assertThatThrownBy(() -> serde.deserializer().deserialize("generation-requests", bytes))
                        .isInstanceOf(UndecodableRecordException.class)
                        .hasMessageContaining("expected a GenerationRequest on generation-requests");
            }
        }
    }

    @Test
    void schemaThatTheRegistryDoesNotHaveIsSaidToBeUnknown() {
        byte[] unknownId = ByteBuffer.allocate(9).put((byte) 0).putInt(4711).array();
        try (var serde = ContractSerde.of(GenerationRequest.class, PROPERTIES)) {
            assertThatThrownBy(() -> serde.deserializer().deserialize("generation-requests", unknownId))
                    .isInstanceOf(UnknownSchemaException.class);
        }
    }

    @Test
    void truncatedRecordIsUndecodable() {
        try (var serde = ContractSerde.of(TokenChunk.class, PROPERTIES)) {
            byte[] bytes = serde.serializer().serialize("t", chunk().build());
            for (int length = 5; length < bytes.length; length++) {
                byte[] cut = Arrays.copyOf(bytes, length);
                assertThatThrownBy(() -> serde.deserializer().deserialize("t", cut))
                        .isInstanceOf(UndecodableRecordException.class);
            }
        }
    }

    /// A number of more than ten bytes makes Avro throw an IOException, as does a registry that does not answer; the
    /// two must be told apart.
    @Test
    void bytesThatAreNoNumberAreTheRecordsFault() {
        try (var serde = ContractSerde.of(TokenChunk.class, PROPERTIES)) {
            byte[] endless = Arrays.copyOf(serde.serializer().serialize("t", chunk().build()), 40);
            Arrays.fill(endless, 5, endless.length, (byte) 0xff);
            assertThatThrownBy(() -> serde.deserializer().deserialize("t", endless))
                    .isInstanceOf(UndecodableRecordException.class);
        }
    }

    @Test
    void anotherContractsRecordIsUndecodable() {
        try (var chunks = ContractSerde.of(TokenChunk.class, PROPERTIES);
                var requests = ContractSerde.of(GenerationRequest.class, PROPERTIES)) {
            byte[] bytes = chunks.serializer().serialize("generation-requests", chunk().build());
            assertThatThrownBy(() -> requests.deserializer().deserialize("generation-requests", bytes))
                    .isInstanceOf(UndecodableRecordException.class);
        }
    }

    @Test
    void registryThatDoesNotAnswerIsNotTheRecordsFault() {
        var silent = new MockSchemaRegistryClient() {
            @Override
            public ParsedSchema getSchemaById(int id) throws IOException {
                throw new ConnectException("connection refused");
            }

            @Override
            public ParsedSchema getSchemaBySubjectAndId(String subject, int id) throws IOException {
                throw new ConnectException("connection refused");
            }
        };
        byte[] bytes = ByteBuffer.allocate(9).put((byte) 0).putInt(1).array();
        try (var serde = ContractSerde.of(TokenChunk.class, PROPERTIES, silent)) {
            assertThatThrownBy(() -> serde.deserializer().deserialize("t", bytes))
                    .isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining("connection refused");
        }
    }

    private static <T extends SpecificRecord> T roundTrip(ContractSerde<T> serde, T record) {
        return serde.deserializer().deserialize("t", serde.serializer().serialize("t", record));
    }

    private static TokenChunk.Builder chunk() {
        return TokenChunk.newBuilder().setRequestId("r-1").setPosition(0).setTokenIds(List.of(7, 8))
                .setText("ein Wort");
    }

    private static Finish finish(FinishReason reason) {
        return Finish.newBuilder().setReason(reason).setCompletionTokens(2).build();
    }

    private static Schema withExtraSymbol(Schema schema, String symbol) {
        return new Schema.Parser().parse(schema.toString().replace("\"ERROR\"]", "\"ERROR\",\"" + symbol + "\"]"));
    }
}
