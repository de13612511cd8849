package dev.flover.topology.parking;

import dev.flover.schemas.ParkedRecord;
import dev.flover.schemas.serdes.NewerFormException;
import dev.flover.schemas.serdes.StoredForm;
import dev.flover.topology.position.Changelog;
import dev.flover.topology.records.SchemaName;
import dev.flover.topology.state.StoreNames;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/// Lists the parked records of a group for an operator. They are read from the changelog, so that the group need not
/// run.
public final class WaitingRecords {
    private static final StoredForm<ParkedRecord> FORM = StoredForm.of(ParkedRecord.class);

    private WaitingRecords() {}

    /// A parked record.
    ///
    /// @param id      its key
    /// @param written its timestamp, by the producer's clock
    /// @param schema  the id or GUID of its schema; empty where it names none, such as a cancel that waits behind
    ///                another record
    /// @param bytes   size of its value
    public record Waiting(int partition, long offset, String id, Instant written, String schema, int bytes) {}

    /// The parked records of a group, in the order of partition and offset.
    ///
    /// @param kafka client properties
    /// @throws org.apache.kafka.common.errors.UnknownTopicOrPartitionException if the group has never run
    public static List<Waiting> of(Map<String, String> kafka, String applicationId) {
        var found = new TreeMap<Long, Map<Integer, Waiting>>();
        Changelog.read(kafka, applicationId + "-" + StoreNames.PARKED + "-changelog",
                record -> take(record, found));
        return found.values().stream().flatMap(each -> each.values().stream())
                .sorted(Comparator.comparingInt(Waiting::partition).thenComparingLong(Waiting::offset)).toList();
    }

    private static void take(ConsumerRecord<byte[], byte[]> record, Map<Long, Map<Integer, Waiting>> found) {
        long offset = ByteBuffer.wrap(record.key()).getLong();
        var partitions = found.computeIfAbsent(offset, added -> new TreeMap<>());
        if (record.value() == null) {
            partitions.remove(record.partition());
        } else {
            partitions.put(record.partition(), waiting(record, offset));
        }
    }

    private static Waiting waiting(ConsumerRecord<byte[], byte[]> record, long offset) {
        try {
            var parked = ParkedRecords.unpack(FORM.decodeKnown(record.value(), fingerprint -> null),
                    new TopicPartition(record.topic(), record.partition()), offset);
            return new Waiting(record.partition(), offset,
                    parked.key() == null ? "" : new String(parked.key(), StandardCharsets.UTF_8),
                    Instant.ofEpochMilli(parked.timestamp()), schema(SchemaName.of(parked)),
                    parked.value() == null ? 0 : parked.value().length);
        } catch (NewerFormException e) {
            return new Waiting(record.partition(), offset, "(stored by another release)", Instant.EPOCH, "",
                    record.value().length);
        }
    }

    private static String schema(SchemaName name) {
        return switch (name) {
            case SchemaName.Id(int id, boolean inHeader) -> Integer.toString(id);
            case SchemaName.Guid(UUID guid) -> guid.toString();
            case SchemaName.None(String problem) -> "";
        };
    }
}
