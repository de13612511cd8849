package dev.flover.topology;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaClientSupplier;

/// The ordinary clients, with three things added: commits are counted, held partitions are not fetched from, and while
/// steps are under way a poll that finds nothing sleeps until one of them has ended.
final class PipelineClients implements KafkaClientSupplier {
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);

    private final Commits commits;
    private final PartitionHolds holds;
    private final StepSignal steps;
    private final Duration tick;

    PipelineClients(Commits commits, PartitionHolds holds, StepSignal steps, Duration tick) {
        this.commits = commits;
        this.holds = holds;
        this.steps = steps;
        this.tick = tick;
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        return Admin.create(config);
    }

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        boolean transactional = config.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null;
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()) {
            @Override
            public void commitTransaction() {
                super.commitTransaction();
                commits.committed();
            }

            /// Streams would wait without a limit for a broker that may never come back.
            @Override
            public void close() {
                close(CLOSE_WITHIN);
            }

            @Override
            public void flush() {
                super.flush();
                if (!transactional) {
                    commits.committed();
                }
            }
        };
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
            @Override
            public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
                applyHolds(this);
                if (timeout.isZero() || !steps.isStepUnderWay()) {
                    return super.poll(timeout);
                }
                var records = super.poll(Duration.ZERO);
                if (!records.isEmpty()) {
                    return records;
                }
                steps.await(timeout, tick);
                return super.poll(Duration.ZERO);
            }

            @Override
            public void resume(Collection<TopicPartition> partitions) {
                var allowed = new ArrayList<>(partitions);
                allowed.removeIf(holds::isHeld);
                super.resume(allowed);
            }
        };
    }

    private void applyHolds(Consumer<byte[], byte[]> consumer) {
        if (holds.isIdle()) {
            return;
        }
        var assigned = consumer.assignment();
        var held = holds.heldOf(assigned);
        held.removeAll(consumer.paused());
        if (!held.isEmpty()) {
            consumer.pause(held);
        }
        var released = holds.takeReleasedOf(assigned);
        if (!released.isEmpty()) {
            consumer.resume(released);
        }
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
