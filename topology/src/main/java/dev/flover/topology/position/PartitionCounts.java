package dev.flover.topology.position;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/// @param counts from the oldest to the present one, growing; never empty
public record PartitionCounts(List<Count> counts) {
    /// A partition count of the requests topic.
    ///
    /// @param since wall-clock time in ms at which the count was first seen
    public record Count(int partitions, long since) {}

    public PartitionCounts {
        counts = List.copyOf(counts);
        if (counts.isEmpty()) {
            throw new IllegalArgumentException("counts must not be empty");
        }
    }

    public static PartitionCounts of(int partitions) {
        return new PartitionCounts(List.of(new Count(partitions, 0)));
    }

    /// These counts with one more, where it is larger than the present one; otherwise unchanged.
    public PartitionCounts with(Count next) {
        if (next.partitions() <= now()) {
            return this;
        }
        var more = new ArrayList<>(counts);
        more.add(next);
        return new PartitionCounts(more);
    }

    public int now() {
        return counts.getLast().partitions();
    }

    public boolean haveGrown() {
        return counts.size() > 1;
    }

    /// The partition to which a producer with Kafka's default partitioner writes a key now.
    public int home(byte[] key) {
        return BuiltInPartitioner.partitionForKey(key, now());
    }

    /// The partitions to which a key may have been written, the present partition first.
    ///
    /// @param since wall-clock time in ms; counts that were replaced before it are left out
    public List<Integer> homes(byte[] key, long since) {
        var homes = new LinkedHashSet<Integer>();
        homes.add(home(key));
        for (int i = counts.size() - 1; i > 0 && counts.get(i).since() >= since; i--) {
            homes.add(BuiltInPartitioner.partitionForKey(key, counts.get(i - 1).partitions()));
        }
        return List.copyOf(homes);
    }
}
