package dev.flover.topology.models;

import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.PartitionCount;
import dev.flover.schemas.serdes.StoredForm;
import dev.flover.topology.position.PartitionCounts;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the models topic from its beginning, and appends orders to it. Used by one thread.
///
/// An order carries the text of its schema in a header, so that each release can read the orders of other releases. All
/// groups pass over records with another key. A record with the key of orders that cannot be read, or that sets a field
/// which this release does not know, stems from a newer release: then it is not known which group answers.
final class ModelsTopic implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ModelsTopic.class);
    private static final byte[] KEY = "flover".getBytes(StandardCharsets.UTF_8);
    private static final StoredForm<ModelOrder> ORDER = StoredForm.of(ModelOrder.class);
    /// The key of records about partition counts; releases that do not know it pass over them.
    private static final byte[] PARTITIONS_KEY = "flover.partitions".getBytes(StandardCharsets.UTF_8);
    private static final StoredForm<PartitionCount> PARTITIONS = StoredForm.of(PartitionCount.class);
    private static final String SCHEMA = "schema";
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int TIMEOUT_MS = 5_000;

    private final TopicPartition partition;
    private final Map<String, Object> properties;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<Long, String> refusals = new HashMap<>();
    private final Map<String, PartitionCounts> counts = new HashMap<>();
    private Registrations registrations = Registrations.NONE;
    private long read;

    /// @param kafka client properties
    ModelsTopic(Map<String, String> kafka, String topic) {
        partition = new TopicPartition(topic, 0);
        properties = new HashMap<>(kafka);
        properties.putAll(Map.of("enable.auto.commit", false, "allow.auto.create.topics", false,
                "isolation.level", "read_uncommitted", "auto.offset.reset", "none",
                "default.api.timeout.ms", TIMEOUT_MS, "request.timeout.ms", TIMEOUT_MS));
        consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(List.of(partition));
        consumer.seek(partition, 0);
    }

    String name() {
        return partition.topic();
    }

    /// Reads to the present end of the topic, and returns the registrations after all its orders.
    Registrations readToEnd() {
        return readTo(Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition)));
    }

    private Registrations readTo(long end) {
        if (end < read) {
            throw new KafkaException("the topic " + partition.topic() + " has lost records: it ended at " + read
                    + " and ends at " + end + " now; stop all pipelines on it, and start the default group first");
        }
        long begin = System.nanoTime();
        while (consumer.position(partition) < end) {
            if (System.nanoTime() - begin > Duration.ofMillis(TIMEOUT_MS).toNanos()) {
                throw new KafkaException("the topic " + partition.topic() + " cannot be read within " + TIMEOUT_MS
                        + " ms");
            }
            consumer.poll(POLL).forEach(this::apply);
        }
        read = end;
        return registrations;
    }

    private void apply(ConsumerRecord<byte[], byte[]> record) {
        if (Arrays.equals(record.key(), PARTITIONS_KEY) && record.value() != null) {
            count(PARTITIONS.decodeKnown(record.value(), fingerprint -> schemaOf(record)));
            return;
        }
        if (!Arrays.equals(record.key(), KEY) || record.value() == null) {
            LOG.warn("the record at offset {} of {} is not a change of models by a pipeline and is "
                    + "skipped", record.offset(),
                    partition.topic());
            return;
        }
        var order = ORDER.decode(record.value(), fingerprint -> schemaOf(record));
        registrations.refusal(order).ifPresent(reason -> refusals.put(record.offset(), reason));
        registrations = registrations.with(record.offset(), order);
    }

    private static @Nullable String schemaOf(ConsumerRecord<byte[], byte[]> record) {
        var schema = record.headers().lastHeader(SCHEMA);
        return schema == null ? null : new String(schema.value(), StandardCharsets.UTF_8);
    }

    private void count(PartitionCount line) {
        var next = new PartitionCounts.Count(line.getPartitions(), line.getAt());
        counts.merge(line.getTopicId(), new PartitionCounts(List.of(next)), (before, first) -> before.with(next));
    }

    /// The present and former partition counts of a requests topic; null where the models topic has none.
    @Nullable PartitionCounts counts(String topicId) {
        return counts.get(topicId);
    }

    void append(String topicId, int partitions) {
        append(PARTITIONS_KEY, PARTITIONS.encode(new PartitionCount(topicId, partitions, System.currentTimeMillis())),
                PARTITIONS.schema().text());
    }

    /// The reason why the order at an offset was refused; null where it was accepted. The offset must have been read.
    @Nullable String refusal(long offset) {
        return refusals.get(offset);
    }

    /// Appends an order, and returns its offset.
    long append(ModelOrder order) {
        return append(KEY, ORDER.encode(order), ORDER.schema().text());
    }

    private long append(byte[] key, byte[] value, String schema) {
        var writing = new HashMap<>(properties);
        writing.keySet().removeIf(name -> name.startsWith("transaction"));
        writing.putAll(Map.of("acks", "all", "enable.idempotence", true, "linger.ms", 0,
                "max.block.ms", TIMEOUT_MS, "delivery.timeout.ms", 2 * TIMEOUT_MS));
        try (var producer = new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer())) {
            var record = new ProducerRecord<>(partition.topic(), partition.partition(), key, value);
            record.headers().add(SCHEMA, schema.getBytes(StandardCharsets.UTF_8));
            return producer.send(record).get().offset();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while a change of models was written", e);
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
