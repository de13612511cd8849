package dev.flover.http.jobs;

import dev.flover.http.topics.TopicAccess;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.json.JsonOrAvroDeserializer;
import dev.flover.schemas.serdes.ContractSerde;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;

/// Reads the committed results of one job, or of all jobs, from the results topic, without a consumer group. Results of
/// other requests are passed over by their keys, without being decoded.
public final class ResultsReader implements AutoCloseable {
    private static final long LOOK_FOR_PARTITIONS_NANOS = Duration.ofSeconds(30).toNanos();

    private static final Duration POLL = Duration.ofMillis(200);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Deserializer<GenerationResult> values;
    private final String topic;
    private final byte[] keysBegin;
    private long lookedAt = System.nanoTime();

    /// Receives the results of the job.
    public interface Handler {
        void take(GenerationResult result, int partition, long offset);
    }

    /// @param idsBegin the beginning of the ids of the requests whose results are wanted
    /// @throws JobsException if the topic does not exist or cannot be read
    public ResultsReader(TopicAccess access, String idsBegin) {
        topic = access.topics().results();
        keysBegin = idsBegin.getBytes(StandardCharsets.UTF_8);
        values = new JsonOrAvroDeserializer<>(GenerationResult.class,
                ContractSerde.of(GenerationResult.class, access.registry()).deserializer());
        try {
            consumer = new KafkaConsumer<>(access.consumer(), new ByteArrayDeserializer(),
                    new ByteArrayDeserializer());
        } catch (KafkaException e) {
            throw new JobsException("Kafka's consumer cannot be set up", e);
        }
        if (partitions().isEmpty()) {
            consumer.close();
            throw new JobsException("the topic " + topic
                    + " does not exist; `flover up --create-topics` creates what the pipeline needs");
        }
    }

    private List<TopicPartition> partitions() {
        try {
            return consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition())).toList();
        } catch (KafkaException e) {
            throw unreadable(e);
        }
    }

    private JobsException unreadable(KafkaException e) {
        return new JobsException("the topic " + topic + " cannot be read", e);
    }

    /// Returns the end of each partition: all results committed before this call lie before it.
    public Map<Integer, Long> ends() {
        try {
            return byNumber(consumer.endOffsets(partitions()));
        } catch (KafkaException e) {
            throw unreadable(e);
        }
    }

    /// Returns the offset of the oldest record that each partition still has.
    Map<Integer, Long> beginnings() {
        try {
            return byNumber(consumer.beginningOffsets(partitions()));
        } catch (KafkaException e) {
            throw unreadable(e);
        }
    }

    private static Map<Integer, Long> byNumber(Map<TopicPartition, Long> offsets) {
        var byNumber = new HashMap<Integer, Long>();
        offsets.forEach((partition, offset) -> byNumber.put(partition.partition(), offset));
        return byNumber;
    }

    /// Sets the offsets at which reading goes on. A partition without one is read from its beginning: it was added
    /// later.
    public void seek(Map<Integer, Long> offsets) {
        try {
            assign(partitions(), offsets);
        } catch (KafkaException e) {
            throw unreadable(e);
        }
    }

    private void assign(Collection<TopicPartition> partitions, Map<Integer, Long> offsets) {
        var beginnings = consumer.beginningOffsets(partitions);
        consumer.assign(partitions);
        for (var partition : partitions) {
            Long offset = offsets.get(partition.partition());
            consumer.seek(partition, offset != null ? offset : Objects.requireNonNull(beginnings.get(partition)));
        }
    }

    /// Passes each result of the job that has arrived to `handler`, after waiting at most `wait` for the first record.
    public void poll(Duration wait, Handler handler) {
        lookForPartitions();
        try {
            take(consumer.poll(wait), Long.MAX_VALUE, handler);
        } catch (KafkaException e) {
            throw unreadable(e);
        }
    }

    /// Passes the job's results that lie in a range of offsets to `handler`, one partition after the other, so that the
    /// order is the same at every call.
    ///
    /// @param from by partition, the first offset; a partition without one is read from its beginning
    /// @param to   by partition, the offset behind the last one; a partition without one is left out
    public void each(Map<Integer, Long> from, Map<Integer, Long> to, Handler handler) {
        for (var range : new TreeMap<>(to).entrySet()) {
            long end = range.getValue();
            var partition = new TopicPartition(topic, range.getKey());
            try {
                assign(List.of(partition), from);
                while (consumer.position(partition) < end) {
                    take(consumer.poll(POLL), end, handler);
                }
            } catch (KafkaException e) {
                throw unreadable(e);
            }
        }
    }

    private void take(Iterable<ConsumerRecord<byte[], byte[]>> records, long end, Handler handler) {
        for (var record : records) {
            if (record.value() != null && record.offset() < end && JobsClient.startsWith(record.key(), keysBegin)) {
                handler.take(values.deserialize(topic, record.value()), record.partition(), record.offset());
            }
        }
    }

    private void lookForPartitions() {
        if (System.nanoTime() - lookedAt < LOOK_FOR_PARTITIONS_NANOS) {
            return;
        }
        lookedAt = System.nanoTime();
        try {
            var now = partitions();
            if (now.size() > consumer.assignment().size()) {
                assign(now, positions());
            }
        } catch (JobsException | KafkaException e) {
            return;      // no broker answers at present; the next look comes
        }
    }

    /// Returns the offset behind the last record that was read, for each partition.
    public Map<Integer, Long> positions() {
        var positions = new HashMap<Integer, Long>();
        try {
            for (var partition : consumer.assignment()) {
                positions.put(partition.partition(), consumer.position(partition));
            }
        } catch (KafkaException e) {
            throw unreadable(e);
        }
        return positions;
    }

    @Override
    public void close() {
        consumer.close();
        values.close();
    }
}
