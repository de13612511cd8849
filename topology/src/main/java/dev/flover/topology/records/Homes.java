package dev.flover.topology.records;

import dev.flover.topology.position.PartitionCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.common.utils.Bytes;

/// Which partitions may know an id, after partitions were added.
///
/// ```
///   4 partitions, 2 before:      a record of id a, whose hash is 3 of 4 and 1 of 2
///
///   requests-3 ── not known in 3 ──► forwarded-1 ── not known in 1 either ──► forwarded-3    is handled in 3
///                                        └── known: handled in 1, where its generation is
/// ```
///
/// State is not moved, and a new id is taken in by the partition of its present hash; so it does not matter to which of
/// them a producer writes, or how late the record is read. A record is never passed on to the same partition twice
/// before it reaches the partition that handles it.
///
/// @param counts  of the requests topic
/// @param wall    the wall clock, ms
/// @param looking how long after partitions were added former partitions are asked for ids
public record Homes(PartitionCounts counts, LongSupplier wall, Duration looking) {
    /// @param remembered how long ended ids are known; a generation may have been live for as long when it began
    public static Homes of(PartitionCounts counts, LongSupplier wall, Duration remembered) {
        return new Homes(counts, wall, remembered.multipliedBy(2).plusHours(1));
    }

    /// Where to look next for an id that this partition does not know; empty where it is to be handled here.
    ///
    /// @param here    the partition
    /// @param visited partitions that did not know it
    public OptionalInt next(Bytes id, int here, Set<Integer> visited) {
        if (!counts.haveGrown()) {
            return OptionalInt.empty();
        }
        var homes = counts.homes(id.get(), wall.getAsLong() - looking.toMillis());
        if (!homes.contains(here)) {
            return OptionalInt.empty();     // its producer has a partitioner of its own
        }
        var former = new ArrayList<>(homes.subList(1, homes.size()));
        former.removeAll(visited);
        former.remove(Integer.valueOf(here));
        if (!former.isEmpty()) {
            return OptionalInt.of(former.getFirst());
        }
        return homes.getFirst() == here ? OptionalInt.empty() : OptionalInt.of(homes.getFirst());
    }

    /// Where a result may have been written, the present partition first.
    public List<Integer> ofResult(Bytes id) {
        return counts.homes(id.get(), 0);
    }
}
