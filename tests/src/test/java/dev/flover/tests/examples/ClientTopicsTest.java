package dev.flover.tests.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.client.Flover;
import dev.flover.client.FloverConfig;
import dev.flover.client.Generation;
import dev.flover.client.GenerationException;
import dev.flover.client.Topics;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The client on a tokens topic whose chunks are written by this test instead of a pipeline.
class ClientTopicsTest {
    private static final Topics TOPICS = Topics.withPrefix("by-hand-");
    private static final int LIMIT_S = 60;
    /// More chunks than the client holds for a reader.
    private static final int MANY = 1_500;

    @RegisterExtension
    static final RunningPipeline PIPELINE = new RunningPipeline();

    private static Admin admin;
    private static FloverConfig config;
    private static Flover flover;
    private static KafkaProducer<byte[], byte[]> producer;

    @BeforeAll
    static void connect() throws Exception {
        config = FloverConfig.of(PIPELINE.broker()).with(TOPICS);
        admin = Admin.create(Map.of("bootstrap.servers", PIPELINE.broker()));
        admin.createTopics(Set.of(new NewTopic(TOPICS.requests(), 2, (short) 1),
                new NewTopic(TOPICS.tokens(), 2, (short) 1))).all().get();
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", PIPELINE.broker(), "transactional.id", "by-hand"),
                new ByteArraySerializer(), new ByteArraySerializer());
        producer.initTransactions();
        flover = Flover.connect(config);
    }

    @AfterAll
    static void close() {
        if (flover != null) {
            flover.close();
            producer.close();
            admin.close();
        }
    }

    /// Makes a chunk of tokens from one position to before another; each token's text is its position.
    private static TokenChunk.Builder chunk(String id, int from, int to) {
        var ids = IntStream.range(from, to).boxed().toList();
        return TokenChunk.newBuilder().setRequestId(id).setPosition(from).setTokenIds(ids)
                .setText(String.join("", ids.stream().map(token -> token + " ").toList()));
    }

    private static TokenChunk.Builder last(String id, int from, int to, FinishReason reason) {
        return chunk(id, from, to).setTerminal(true).setFinish(
                Finish.newBuilder().setReason(reason).setMessage(reason == FinishReason.STOP ? "" : "poison").build());
    }

    private static void send(boolean commit, TokenChunk.Builder... chunks) throws Exception {
        producer.beginTransaction();
        for (var chunk : chunks) {
            var record = chunk.build();
            producer.send(new ProducerRecord<>(TOPICS.tokens(), 0, record.getRequestId().getBytes(UTF_8),
                    JsonRecords.write(record)));
        }
        if (commit) {
            producer.commitTransaction();
        } else {
            producer.flush();
            producer.abortTransaction();
        }
        awaitEndOfTransaction();
    }

    /// Waits until the end of the last transaction is on the topic, which the broker writes a little later.
    private static void awaitEndOfTransaction() throws Exception {
        while (end(IsolationLevel.READ_COMMITTED) < end(IsolationLevel.READ_UNCOMMITTED)) {
            Thread.onSpinWait();
        }
    }

    private static long end(IsolationLevel isolation) throws Exception {
        var partition = new TopicPartition(TOPICS.tokens(), 0);
        return admin.listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(isolation)).all().get()
                .get(partition).offset();
    }

    private static String read(Generation generation) {
        var text = new StringBuilder();
        generation.forEach(chunk -> text.append(chunk.getText()));
        return text.toString();
    }

    private static String numbers(int from, int to) {
        return String.join("", IntStream.range(from, to).mapToObj(token -> token + " ").toList());
    }

    @Test
    void aSlowReaderLosesNothingAndHoldsUpNobody() throws Exception {
        var slow = flover.generate(Flover.request().setPrompt("x").setId("slow"));
        var held = new Held();
        try (var attached = Flover.connect(config)) {
            var alsoSlow = attached.attach("slow");
            alsoSlow.publisher().subscribe(held);
            var chunks = IntStream.range(0, MANY).mapToObj(i -> chunk("slow", i, i + 1)).toList();
            send(true, chunks.toArray(TokenChunk.Builder[]::new));
            send(true, last("slow", MANY, MANY + 1, FinishReason.STOP));
            send(true, last("quick", 0, 3, FinishReason.STOP));

            assertThat(read(flover.attach("quick"))).isEqualTo("0 1 2 ");
            assertThat(read(attached.attach("quick"))).isEqualTo("0 1 2 ");
            assertThat(held.texts).isEmpty();
            held.subscription.request(2);
            held.awaitTexts(2);
            held.subscription.request(Long.MAX_VALUE);
            assertThat(held.ended.get(LIMIT_S, TimeUnit.SECONDS)).isEqualTo(numbers(0, MANY + 1));
        }
        slow.close();
    }

    /// A subscriber that asks for nothing until the test does.
    private static final class Held implements Flow.Subscriber<TokenChunk> {
        private final List<String> texts = new ArrayList<>();
        private final CompletableFuture<String> ended = new CompletableFuture<>();
        private volatile Flow.Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription made) {
            subscription = made;
        }

        @Override
        public synchronized void onNext(TokenChunk chunk) {
            texts.add(chunk.getText());
            notifyAll();
        }

        synchronized void awaitTexts(int count) throws InterruptedException {
            while (texts.size() < count) {
                wait();
            }
            assertThat(texts).hasSize(count);
        }

        @Override
        public void onError(Throwable problem) {
            ended.completeExceptionally(problem);
        }

        @Override
        public synchronized void onComplete() {
            ended.complete(String.join("", texts));
        }
    }

    @Test
    void tokensThatWereNotCommittedAreNotRead() throws Exception {
        send(true, chunk("aborted", 0, 1));
        send(false, chunk("aborted", 1, 2).setText("WRONG "));
        send(true, last("aborted", 1, 3, FinishReason.STOP));

        assertThat(read(flover.attach("aborted"))).isEqualTo("0 1 2 ");
    }

    @Test
    void anAnswerIsReadFromAnyPositionAtWhichARecordBegins() throws Exception {
        send(true, chunk("from", 0, 2), chunk("from", 2, 3), last("from", 3, 6, FinishReason.STOP));

        assertThat(read(flover.attach("from"))).isEqualTo("0 1 2 3 4 5 ");
        assertThat(read(flover.attach("from", 2))).isEqualTo("2 3 4 5 ");
        assertThat(read(flover.attach("from", 3))).isEqualTo("3 4 5 ");
        var end = new ArrayList<TokenChunk>();
        flover.attach("from", 6).forEach(end::add);
        assertThat(end).hasSize(1).first().satisfies(chunk -> {
            assertThat(chunk.getPosition()).isEqualTo(6);
            assertThat(chunk.getTokenIds()).isEmpty();
            assertThat(chunk.getText()).isEmpty();
            assertThat(chunk.getFinish().getReason()).isEqualTo(FinishReason.STOP);
        });
        assertThatThrownBy(() -> read(flover.attach("from", 4))).isInstanceOf(GenerationException.LostBeginning.class)
                .hasMessage("no record of the answer to from begins at position 4; the record around it has the "
                        + "positions 3 to 5");
    }

    @Test
    void whatIsNotOnTheTopicsIsSaidToBeLost() throws Exception {
        send(true, last("late", 5, 6, FinishReason.STOP));

        assertThatThrownBy(() -> read(flover.attach("late"))).isInstanceOf(GenerationException.LostBeginning.class)
                .hasMessageContaining("no record of the answer to late at position 0 any more");
        assertThatThrownBy(() -> read(flover.attach("nobody"))).isInstanceOf(GenerationException.LostBeginning.class)
                .hasMessageStartingWith("neither the tokens topic nor the requests topic has a record of nobody");
    }

    @Test
    void chunksInAvroNeedARegistry() throws Exception {
        var waiting = flover.generate("another").whole();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(TOPICS.tokens(), 0, "in-avro".getBytes(UTF_8), new byte[] {0, 0, 0, 0, 1}));
        producer.commitTransaction();
        awaitEndOfTransaction();

        assertThatThrownBy(() -> read(flover.attach("in-avro"))).isInstanceOf(GenerationException.Unavailable.class)
                .hasMessageContaining("are in Avro; give the property schema.registry.url");
        assertThat(waiting).isNotDone();
    }

    @Test
    void oneCopyOfARepeatedAnswerIsRead() throws Exception {
        send(true, chunk("twice", 0, 2), last("twice", 2, 3, FinishReason.STOP));
        send(true, chunk("twice", 0, 2).setRepeat(true), last("twice", 2, 3, FinishReason.STOP).setRepeat(true));

        assertThat(read(flover.attach("twice"))).isEqualTo("0 1 2 ");
    }

    @Test
    void aFailureComesAfterTheTokensBeforeIt() throws Exception {
        send(true, chunk("poison", 0, 2), last("poison", 2, 2, FinishReason.ERROR));
        var texts = new ArrayList<String>();

        assertThatThrownBy(() -> flover.attach("poison").forEach(chunk -> texts.add(chunk.getText())))
                .isInstanceOf(GenerationException.Failed.class)
                .hasMessage("the request poison was given up: poison");
        assertThat(texts).containsExactly("0 1 ", "");
        assertThatThrownBy(() -> flover.attach("poison").whole().get(LIMIT_S, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class).cause().isInstanceOf(GenerationException.Failed.class);
    }

    @Test
    void aReaderDoesNotWaitLongerThanItsPatience() {
        try (var impatient = Flover.connect(config.with(Duration.ofMillis(1)))) {
            var iterated = impatient.generate("nobody answers");
            var future = impatient.generate("nobody answers").whole();

            assertThatThrownBy(() -> read(iterated)).isInstanceOf(GenerationException.Unavailable.class)
                    .hasMessageContaining("no token of the answer to " + iterated.id() + " came within");
            assertThatThrownBy(() -> future.get(LIMIT_S, TimeUnit.SECONDS))
                    .cause().isInstanceOf(GenerationException.Unavailable.class);
        }
    }
}
