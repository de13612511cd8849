package dev.flover.topology.streams;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/// The requests partitions from which no records are fetched at present (back-pressure), because their tasks have no
/// room, or wait for a schema.
///
/// Kafka Streams pauses and resumes partitions for reasons of its own. The consumer asks this object, so that a resume
/// by Kafka Streams does not undo a hold. Used by its stream thread alone.
public final class PartitionHolds {
    private final Set<TopicPartition> held = new HashSet<>();
    private final Set<TopicPartition> released = new HashSet<>();

    public void hold(TopicPartition partition) {
        held.add(partition);
        released.remove(partition);
    }

    public void release(TopicPartition partition) {
        if (held.remove(partition)) {
            released.add(partition);
        }
    }

    /// Forgets a partition that was assigned to another instance.
    public void forget(TopicPartition partition) {
        held.remove(partition);
        released.remove(partition);
    }

    public boolean isHeld(TopicPartition partition) {
        return held.contains(partition);
    }

    boolean isIdle() {
        return held.isEmpty() && released.isEmpty();
    }

    Set<TopicPartition> heldOf(Collection<TopicPartition> partitions) {
        var result = new HashSet<>(held);
        result.retainAll(partitions);
        return result;
    }

    /// The partitions among the given ones whose hold has ended since the last call.
    Set<TopicPartition> takeReleasedOf(Collection<TopicPartition> partitions) {
        var result = new HashSet<>(released);
        result.retainAll(partitions);
        released.clear();
        return result;
    }
}
