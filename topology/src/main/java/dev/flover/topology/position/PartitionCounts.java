package dev.flover.topology.position;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/// The present and former partition counts of the requests topic: a key's hash by a former count is its former
/// partition.
///
/// @param counts in the order of time, growing; never empty
public record PartitionCounts(List<Count> counts) {
    /// @param since wall-clock ms when it was seen first
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

    /// This and one more.
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

    /// The partition that a key goes to.
    public int home(byte[] key) {
        return BuiltInPartitioner.partitionForKey(key, now());
    }

    /// Where a key may have gone, the present partition first.
    ///
    /// @param since leaves out what changed before this time
    public List<Integer> homes(byte[] key, long since) {
        var homes = new LinkedHashSet<Integer>();
        homes.add(home(key));
        for (int i = counts.size() - 1; i > 0 && counts.get(i).since() >= since; i--) {
            homes.add(BuiltInPartitioner.partitionForKey(key, counts.get(i - 1).partitions()));
        }
        return List.copyOf(homes);
    }
}
