package dev.flover.topology.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class TransactionTimeTest {
    private final AtomicLong clock = new AtomicLong(-5);
    private boolean silent;
    private final TransactionTime time = new TransactionTime(clock::get, ms -> silent);

    @Test
    void staysAsItIsSetWhileCommitsAreQuick() {
        time.atLeast(3_000);
        for (int i = 0; i < 100; i++) {
            clock.addAndGet(Duration.ofSeconds(5).toNanos());
            time.committed(1_900);
        }
        assertThat(time.ms()).isEqualTo(3_000);
    }

    @Test
    void growsBeforeACommitTakesTooLongAndShrinksAMinuteAfter() {
        time.atLeast(3_000);
        time.committed(2_100);
        assertThat(time.ms()).isEqualTo(8_400);
        time.committed(100);
        assertThat(time.ms()).isEqualTo(8_400);
        clock.addAndGet(Duration.ofMinutes(1).toNanos());
        time.committed(100);
        assertThat(time.ms()).isEqualTo(3_000);
    }

    @Test
    void growsOnceWithEachTransactionThatTookTooLongUpToALimit() {
        time.atLeast(3_000);
        time.failed(2_900, 3_000);      // another producer fenced this one
        assertThat(time.ms()).isEqualTo(3_000);
        time.failed(3_000, 3_000);
        time.failed(3_001, 3_000);
        assertThat(time.ms()).isEqualTo(12_000);
        for (long limit = time.ms(), i = 0; i < 5; i++, limit = time.ms()) {
            time.failed(limit + 1, limit);
        }
        assertThat(time.ms()).isEqualTo(240_000);
    }

    @Test
    void aBrokerThatIsAwaySaysNothingOfHowLongCommitsTake() {
        time.atLeast(3_000);
        silent = true;
        time.failed(40_000, 3_000);
        assertThat(time.ms()).isEqualTo(3_000);
    }

    @Test
    void betweenTwoTransactionsAProducerOfOtherTimeoutsTakesTheOnesPlace() {
        List<Map<String, Object>> made = new ArrayList<>();
        List<MockProducer<byte[], byte[]>> producers = new ArrayList<>();
        var producer = new FollowingProducer(config -> {
            made.add(config);
            var mock = new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
            producers.add(mock);
            return mock;
        }, Map.of(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 3_000, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 15_000,
                ProducerConfig.TRANSACTIONAL_ID_CONFIG, "t"), time, SparedRecordsTest.commits(), null);
        producer.initTransactions();
        for (int i = 0; i < 2; i++) {
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("topic", new byte[] {(byte) i}));
            producer.commitTransaction();
        }
        assertThat(made).hasSize(1);
        assertThat(made.getFirst()).containsEntry(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 3_000)
                .containsEntry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 15_000);

        time.committed(9_000);
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("topic", new byte[] {2}));
        producer.commitTransaction();

        assertThat(made).hasSize(2);
        assertThat(made.getLast()).containsEntry(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 36_000)
                .containsEntry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 36_000);
        assertThat(producers.getFirst().closed()).isTrue();
        assertThat(producers.getFirst().history()).hasSize(2);
        assertThat(producers.getLast().history()).hasSize(1);
    }
}
