package dev.flover.topology.streams;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/// The request partitions that are not fetched from for now (back-pressure): their tasks have no room, or wait for a
/// schema.
///
/// Kafka Streams pauses and resumes partitions for reasons of its own; the consumer consults this so that a resume by
/// Streams does not undo a hold. Used by the stream thread alone.
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

    /// The partition has gone to another instance, which decides anew.
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

    /// Those whose hold has ended since the last call.
    Set<TopicPartition> takeReleasedOf(Collection<TopicPartition> partitions) {
        var result = new HashSet<>(released);
        result.retainAll(partitions);
        released.clear();
        return result;
    }
}
