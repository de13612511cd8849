package dev.flover.topology.position;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Reads and writes the read positions in a changelog from outside of Kafka Streams, while no process of the group
/// runs.
final class PositionEntries {
    private final Map<String, String> kafka;
    private final String changelog;
    private final byte[] key;

    PositionEntries(Map<String, String> kafka, String changelog, byte[] key) {
        this.kafka = kafka;
        this.changelog = changelog;
        this.key = key;
    }

    /// Reads the whole changelog, and returns the newest position of each partition.
    Map<Integer, Position> read() {
        var found = new HashMap<Integer, Position>();
        Changelog.read(kafka, changelog, record -> take(record, found));
        return found;
    }

    private void take(ConsumerRecord<byte[], byte[]> record, Map<Integer, Position> found) {
        if (Arrays.equals(record.key(), key) && record.value() != null) {
            Position.decode(record.value()).ifPresent(position -> found.put(record.partition(), position));
        }
    }

    void write(Map<Integer, Position> positions) {
        var properties = new HashMap<String, Object>(kafka);
        properties.keySet().removeIf(name -> name.startsWith("transaction"));
        properties.putAll(Map.of("acks", "all", "enable.idempotence", true, "max.block.ms", 15_000,
                "request.timeout.ms", 5_000, "delivery.timeout.ms", 15_000));
        try (var producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            var sent = positions.entrySet().stream().map(entry -> producer.send(
                    new ProducerRecord<>(changelog, entry.getKey(), key, entry.getValue().encode()))).toList();
            for (var each : List.copyOf(sent)) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while positions were written", e);
        }
    }
}
