package dev.flover.tests.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.embedded.EmbeddedBroker;
import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.LostChunksException;
import dev.flover.http.topics.Place;
import dev.flover.http.topics.SlowReaderException;
import dev.flover.http.topics.TopicAccess.TopicsOfBridge;
import dev.flover.http.topics.TopicAccess;
import dev.flover.http.topics.TopicBridge;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonRecords;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/// A bridge reads records that a test writes to topics of its own, without a pipeline.
class TopicBridgeTest {
    private static final Duration WAIT = Duration.ofSeconds(30);

    @TempDir
    private static Path folder;

    private static EmbeddedBroker broker;
    private static int number;

    private String tokens;
    private KafkaProducer<byte[], byte[]> producer;
    private TopicBridge bridge;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(folder.resolve("kafka"));
    }

    @AfterAll
    static void stop() {
        if (broker != null) {
            broker.close();
        }
    }

    @BeforeEach
    void open(TestInfo test) throws Exception {
        number++;
        tokens = "tokens-" + number;
        Map<String, String> servers = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(tokens, 1, (short) 1),
                    new NewTopic("requests-" + number, 1, (short) 1),
                    new NewTopic("models-" + number, 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
        }
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 0),
                new ByteArraySerializer(), new ByteArraySerializer());
        bridge = TopicBridge.start(new TopicAccess(new TopicsOfBridge("requests-" + number, tokens, "results-" + number,
                "models-" + number),
                servers, servers, Map.of("schema.registry.url", "http://127.0.0.1:9")));
        long deadline = System.nanoTime() + WAIT.toNanos();
        while (!bridge.isReady()) {
            assertThat(System.nanoTime()).as(test.getDisplayName()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @AfterEach
    void close() {
        producer.close();
        bridge.close();
    }

    private static TokenChunk.Builder chunk(String id, int position, int count) {
        return TokenChunk.newBuilder().setRequestId(id).setPosition(position).setText("[" + position + "]")
                .setTokenIds(IntStream.range(position, position + count).boxed().toList());
    }

    private AnswerStream begin(String id) throws InterruptedException {
        return bridge.begin(GenerationRequest.newBuilder().setId(id).setPrompt("x").build(), Map.of());
    }

    private Place write(TokenChunk.Builder chunk) throws Exception {
        var record = chunk.build();
        var written = send(record).get();
        return new Place(written.partition(), written.offset());
    }

    private Future<RecordMetadata> send(TokenChunk record) {
        return producer.send(new ProducerRecord<>(tokens, record.getRequestId().getBytes(UTF_8),
                JsonRecords.write(record)));
    }

    private static String read(AnswerStream stream) throws InterruptedException {
        var text = new StringBuilder();
        while (!stream.isEnded()) {
            text.append(stream.next(WAIT).orElseThrow().chunk().getText());
        }
        return text.toString();
    }

    @Test
    void whoComesInTheMiddleReadsTheBeginningFirst() throws Exception {
        for (int i = 0; i < 3_000; i++) {        // more records than the bridge searches at first
            send(chunk(i == 10 ? "a" : "others-" + i, 0, 2).build());
        }
        producer.flush();
        var stream = begin("a");
        write(chunk("a", 2, 3));
        write(chunk("a", 5, 1).setTerminal(true));

        assertThat(read(stream)).isEqualTo("[0][2][5]");
    }

    @Test
    void whatIsSaidAgainToSomebodyElseIsNotTakenForTheAnswer() throws Exception {
        var stream = begin("a");
        write(chunk("a", 4, 1).setRepeat(true));
        write(chunk("a", 0, 5).setRepeat(true));
        write(chunk("a", 5, 1).setRepeat(true).setTerminal(true));

        assertThat(read(stream)).isEqualTo("[0][5]");
    }

    @Test
    void positionsThatWereReadAreNotReadAgain() throws Exception {
        var stream = begin("a");
        write(chunk("a", 0, 2));
        write(chunk("a", 0, 2));
        write(chunk("a", 2, 2).setTerminal(true));

        assertThat(read(stream)).isEqualTo("[0][2]");
    }

    @Test
    void aStreamFromAPlaceBeginsWithItsRecord() throws Exception {
        write(chunk("a", 0, 2));
        write(chunk("b", 0, 2));
        var place = write(chunk("a", 2, 2));
        write(chunk("a", 4, 2).setTerminal(true));
        try (var stream = bridge.from("a", place)) {
            assertThat(read(stream)).isEqualTo("[2][4]");
        }
        try (var stream = bridge.fromBeginning("a", Optional.empty()).orElseThrow()) {
            assertThat(read(stream)).isEqualTo("[0][2][4]");
        }
        assertThat(bridge.fromBeginning("nobody", Optional.empty())).isEmpty();
    }

    @Test
    void whatTheTopicDoesNotHoldAnyMoreIsSaid() throws Exception {
        var stream = begin("a");
        write(chunk("a", 3, 1));

        assertThatThrownBy(() -> stream.next(WAIT)).isInstanceOf(LostChunksException.class)
                .hasMessageContaining("does not hold position 0 of answer 0");
    }

    @Test
    void drawnChunksComeBeforeTheyAreCommittedAndEvenIfTheyNeverAre() throws Exception {
        try (var drawn = bridge.drawn("a"); var committed = begin("a");
                var writer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers",
                        broker.bootstrapServers(), "transactional.id", tokens), new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            writer.initTransactions();
            for (String text : List.of("aborted", "committed")) {
                writer.beginTransaction();
                writer.send(new ProducerRecord<>(tokens, "a".getBytes(UTF_8),
                        JsonRecords.write(chunk("a", 0, 2).setText(text).setTerminal(true).build())));
                writer.flush();
                assertThat(drawn.next(WAIT).orElseThrow().chunk().getText()).isEqualTo(text);
                assertThat(committed.next(Duration.ZERO)).as("before the end of the transaction").isEmpty();
                if (text.equals("committed")) {
                    writer.commitTransaction();
                } else {
                    writer.abortTransaction();
                }
            }
            assertThat(read(committed)).isEqualTo("committed");
        }
    }

    @Test
    void aReaderThatDoesNotReadIsDroppedAndHoldsNobodyUp() throws Exception {
        var slow = begin("a");
        var other = begin("b");
        for (int i = 0; i < 1_100; i++) {
            send(chunk("a", i, 1).build());
        }
        write(chunk("b", 0, 1).setTerminal(true));

        assertThat(read(other)).isEqualTo("[0]");
        assertThatThrownBy(() -> read(slow)).isInstanceOf(SlowReaderException.class)
                .hasMessageContaining("Last-Event-ID");
    }
}
