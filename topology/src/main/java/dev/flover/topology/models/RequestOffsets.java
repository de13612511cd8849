package dev.flover.topology.models;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.function.LongBinaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// Offsets of the requests topic: its ends, and the committed offsets of groups.
final class RequestOffsets {
    private final Admin admin;
    private final String topic;

    /// One offset for each partition.
    ///
    /// @param topicId the topic's id, which tells a topic that was deleted and created again from the earlier one
    /// @param offsets by partition
    record Snapshot(String topicId, List<Long> offsets) {
        long sum(Snapshot other, LongBinaryOperator of) {
            long sum = 0;
            for (int i = 0; i < Math.min(offsets.size(), other.offsets.size()); i++) {
                sum += of.applyAsLong(offsets.get(i), other.offsets.get(i));
            }
            return sum;
        }

        /// The smaller offset of each partition.
        Snapshot orEarlier(Snapshot other) {
            var earlier = new ArrayList<Long>();
            for (int i = 0; i < offsets.size(); i++) {
                earlier.add(i < other.offsets.size() ? Math.min(offsets.get(i), other.offsets.get(i)) : offsets.get(i));
            }
            return new Snapshot(topicId, earlier);
        }
    }

    RequestOffsets(Admin admin, String topic) {
        this.admin = admin;
        this.topic = topic;
    }

    /// The end offset of each partition, open transactions included.
    Snapshot ends() {
        return of(OffsetSpec.latest());
    }

    Snapshot of(OffsetSpec spec) {
        var description = await(
                Objects.requireNonNull(admin.describeTopics(List.of(topic)).topicNameValues().get(topic)));
        var query = new HashMap<TopicPartition, OffsetSpec>();
        for (int partition = 0; partition < description.partitions().size(); partition++) {
            query.put(new TopicPartition(topic, partition), spec);
        }
        var found = await(admin.listOffsets(query).all());
        var offsets = new ArrayList<Long>();
        for (int partition = 0; partition < query.size(); partition++) {
            offsets.add(Objects.requireNonNull(found.get(new TopicPartition(topic, partition))).offset());
        }
        return new Snapshot(description.topicId().toString(), offsets);
    }

    /// The offset at which each partition begins for a group that is started now. Where the time is after the last
    /// record, that is the end.
    Snapshot of(Begin begin) {
        var ends = ends();
        var found = of(begin.spec());
        var offsets = new ArrayList<Long>();
        for (int partition = 0; partition < ends.offsets().size(); partition++) {
            long offset = found.offsets().get(partition);
            long end = ends.offsets().get(partition);
            offsets.add(offset < 0 ? end : Math.min(offset, end));
        }
        return new Snapshot(ends.topicId(), offsets);
    }

    /// The offsets up to which a group has read; empty where it has never committed any, or Kafka has forgotten them.
    Map<TopicPartition, OffsetAndMetadata> committed(String group) {
        var committed = new HashMap<>(await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata()));
        committed.entrySet().removeIf(
                entry -> !entry.getKey().topic().equals(topic) || entry.getValue() == null);
        return committed;
    }

    /// The number of records that a group has not read, among those that the topic still has.
    long unread(String group) {
        var committed = committed(group);
        var begins = of(OffsetSpec.earliest());
        var ends = ends();
        long unread = 0;
        for (int partition = 0; partition < ends.offsets().size(); partition++) {
            var read = committed.get(new TopicPartition(topic, partition));
            long from = Math.max(begins.offsets().get(partition), read == null ? 0 : read.offset());
            unread += Math.max(0, ends.offsets().get(partition) - from);
        }
        return unread;
    }

    /// Sets the committed offsets of a group that has no members.
    ///
    /// @param offsets by partition
    void begin(String group, Map<Integer, Long> offsets) {
        var positions = new HashMap<TopicPartition, OffsetAndMetadata>();
        offsets.forEach((partition, offset) ->
                positions.put(new TopicPartition(topic, partition), new OffsetAndMetadata(offset)));
        await(admin.alterConsumerGroupOffsets(group, positions).all());
    }

    /// Whether a topic exists.
    boolean exists(String name) {
        try {
            await(Objects.requireNonNull(admin.describeTopics(List.of(name)).topicNameValues().get(name)));
            return true;
        } catch (UnknownTopicOrPartitionException e) {
            return false;
        }
    }

    static <T> T await(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while asking the broker about the requests topic", e);
        }
    }
}
