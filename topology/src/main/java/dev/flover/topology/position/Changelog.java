package dev.flover.topology.position;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads the changelog of a store from outside of Kafka Streams.
public final class Changelog {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration STANDSTILL = Duration.ofSeconds(15);

    private Changelog() {}

    /// Reads a changelog to its present end, and passes on every committed record, those of each partition in order.
    ///
    /// @param kafka     client properties
    /// @param changelog name of the changelog topic
    /// @param to        takes the records
    /// @throws KafkaException if reading makes no progress for 15 s
    public static void read(Map<String, String> kafka, String changelog, Consumer<ConsumerRecord<byte[], byte[]>> to) {
        var properties = new HashMap<String, Object>(kafka);
        properties.putAll(Map.of("enable.auto.commit", false, "allow.auto.create.topics", false,
                "isolation.level", "read_committed", "auto.offset.reset", "earliest",
                "default.api.timeout.ms", (int) STANDSTILL.toMillis()));
        try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var partitions = consumer.partitionsFor(changelog).stream()
                    .map(partition -> new TopicPartition(changelog, partition.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            long moved = System.nanoTime();
            for (long before = -1, at = missing(consumer, ends); at > 0; at = missing(consumer, ends)) {
                moved = at == before ? moved : System.nanoTime();
                before = at;
                if (System.nanoTime() - moved > STANDSTILL.toNanos()) {
                    throw new KafkaException("the topic " + changelog + " cannot be read to its end");
                }
                consumer.poll(POLL).forEach(to);
            }
        }
    }

    private static long missing(KafkaConsumer<?, ?> consumer, Map<TopicPartition, Long> ends) {
        Collection<TopicPartition> partitions = ends.keySet();
        return partitions.stream().mapToLong(partition ->
                Math.max(0, Objects.requireNonNull(ends.get(partition)) - consumer.position(partition))).sum();
    }
}
