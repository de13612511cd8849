package dev.flover.topology.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.records.DeadLetter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class SparedRecordsTest implements OtherTopics {
    private static final String DEAD_LETTERS = "dead-letters";

    private final List<World> producers = new ArrayList<>();
    /// The errors with which topics answer each record.
    private final Map<String, RuntimeException> errors = new HashMap<>();
    /// Topics that never answer, with the reason that the cluster gives; without one they answer when they are looked
    /// up.
    private final Map<String, String> silent = new HashMap<>();
    private final Map<String, Callback> unanswered = new HashMap<>();
    private final List<String> lost = new ArrayList<>();
    private final FollowingProducer producer = producer(Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "t"));

    static Commits commits() {
        return new Commits(PipelineConfig.of("a", "b:1", "mock://c", Path.of("unused"), "m"), System::nanoTime);
    }

    private FollowingProducer producer(Map<String, Object> config) {
        return new FollowingProducer(made -> {
            producers.add(new World());
            return producers.getLast();
        }, config, new TransactionTime(System::nanoTime, lasted -> false), commits(),
                new SparedRecords(this, DEAD_LETTERS));
    }

    /// A producer without a broker, some of whose topics refuse records.
    private final class World extends MockProducer<byte[], byte[]> {
        World() {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
            if (silent.containsKey(record.topic())) {
                unanswered.put(record.topic(), callback);
                return null;
            }
            if (errors.containsKey(record.topic())) {
                callback.onCompletion(null, errors.get(record.topic()));
                return null;
            }
            return super.send(record, callback);
        }
    }

    @Override
    public String problem(String topic, Integer partition) {
        if (silent.get(topic).isEmpty()) {
            unanswered.get(topic).onCompletion(new RecordMetadata(new TopicPartition(topic, 0), 0, 0, 0, 0, 0), null);
            return null;
        }
        return silent.get(topic);
    }

    @Override
    public void lost(String topic, String reason) {
        lost.add(topic + ": " + reason);
    }

    private static ProducerRecord<byte[], byte[]> own(String topic, String value) {
        return new ProducerRecord<>(topic, 0, 7L, new byte[] {1}, value.getBytes(UTF_8));
    }

    private static ProducerRecord<byte[], byte[]> marked(String topic, Integer partition) {
        byte[] mark = partition == null ? new byte[0] : ByteBuffer.allocate(4).putInt(partition).array();
        return new ProducerRecord<>(topic, null, 7L, new byte[] {1}, "answer".getBytes(UTF_8),
                new RecordHeaders().add(OtherTopics.MARK, mark).add("a", new byte[] {2}));
    }

    private static List<String> topics(World world) {
        return world.history().stream().map(ProducerRecord::topic).toList();
    }

    private void transaction(String... topics) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(own("tokens", "x"));
        for (var topic : topics) {
            producer.send(marked(topic, null));
        }
        producer.send(own("results", "y"));
        producer.flush();
        producer.commitTransaction();
    }

    @Test
    void recordsForOtherTopicsComeAfterThePipelinesOwnAndWithoutTheirMark() {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(marked("replies", 1));
        producer.send(own("tokens", "x"));
        producer.flush();
        assertThat(producers.getFirst().history()).as("not committed").isEmpty();
        producer.commitTransaction();
        var history = producers.getFirst().history();
        assertThat(topics(producers.getFirst())).containsExactly("tokens", "replies");
        assertThat(history.getLast().partition()).isEqualTo(1);
        assertThat(history.getLast().headers().toArray()).hasSize(1);
        assertThat(producers).hasSize(1);
    }

    @Test
    void aTopicThatRefusesItsRecordCostsThatRecordAlone() {
        errors.put("closed", new TopicAuthorizationException("not authorized"));
        transaction("closed", "replies");
        assertThat(producers).hasSize(2);
        assertThat(producers.getFirst().closed()).isTrue();
        assertThat(producers.getFirst().history()).isEmpty();
        var history = producers.getLast().history();
        assertThat(topics(producers.getLast())).containsExactly("tokens", "results", DEAD_LETTERS, "replies");
        var letter = history.get(2);
        assertThat(letter.value()).asString().isEqualTo("answer");
        assertThat(letter.headers().lastHeader("a").value()).containsExactly(2);
        assertThat(letter.headers().lastHeader(DeadLetter.MEANT_FOR).value()).asString().isEqualTo("closed");
        assertThat(letter.headers().lastHeader(DeadLetter.REASON).value()).asString().contains("not authorized");
        assertThat(lost).hasSize(1);
    }

    @Test
    void severalTopicsThatRefuseCostOneRepeat() {
        errors.put("closed", new TopicAuthorizationException("not authorized"));
        errors.put("small", new RecordTooLargeException("too large"));
        transaction("closed", "small");
        assertThat(producers).hasSize(2);
        assertThat(topics(producers.getLast())).containsExactly("tokens", "results", DEAD_LETTERS, DEAD_LETTERS);
    }

    @Test
    void aTopicThatDoesNotAnswerIsLookedUpAndSparedIfItIsGone() {
        silent.put("gone", "'gone' does not exist");
        transaction("gone");
        assertThat(topics(producers.getLast())).containsExactly("tokens", "results", DEAD_LETTERS);
        assertThat(lost).containsExactly("gone: 'gone' does not exist");
    }

    @Test
    void aTopicThatIsOnlySlowIsWaitedFor() {
        silent.put("slow", "");
        transaction("slow");
        assertThat(producers).hasSize(1);
        assertThat(topics(producers.getFirst())).containsExactly("tokens", "results");
        assertThat(lost).isEmpty();
    }

    @Test
    void anErrorOfTheProducerItselfIsLeftToTheCommit() {
        errors.put("replies", new ProducerFencedException("another instance"));
        transaction("replies");
        assertThat(producers).hasSize(1);
        assertThat(lost).isEmpty();
    }

    @Test
    void theNextTransactionKnowsNothingOfTheOneBefore() {
        transaction("replies");
        errors.put("closed", new TopicAuthorizationException("not authorized"));
        producer.beginTransaction();
        producer.send(own("tokens", "z"));
        producer.send(marked("closed", null));
        producer.flush();
        producer.commitTransaction();
        assertThat(topics(producers.getLast())).containsExactly("tokens", DEAD_LETTERS);
    }

    @Test
    void withoutTransactionsNothingThatWasWrittenIsWrittenAgain() {
        var plain = producer(Map.of());
        errors.put("closed", new TopicAuthorizationException("not authorized"));
        plain.send(own("tokens", "x"));
        plain.send(marked("closed", null));
        plain.flush();
        assertThat(topics(producers.get(1))).containsExactly("tokens");
        assertThat(topics(producers.getLast())).containsExactly(DEAD_LETTERS);
    }
}
