package dev.flover.topology.records;

import dev.flover.topology.position.PartitionCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.kafka.common.utils.Bytes;

/// Decides which partitions have to be asked whether they know an id, after partitions were added to the requests
/// topic: an id's hash now leads to another partition than the one that may have its generation.
///
/// ```
///   4 partitions, 2 before:      a record of id a, whose hash is 3 of 4 and 1 of 2
///
///   requests-3 ── not known in 3 ──► forwarded-1 ── not known in 1 either ──► forwarded-3    is handled in 3
///                                        └── known: handled in 1, where its generation is
/// ```
///
/// State is not moved, and a new id is taken in by the partition of its present hash. So it does not matter to which of
/// the partitions a producer writes the id, or how late the record is read. A record is never passed on to the same
/// partition twice before it reaches the partition that handles it.
///
/// @param counts  the present and former partition counts of the requests topic
/// @param wall    the wall clock, ms since 1970
/// @param looking for how long after partitions were added the former partitions are asked for ids
public record Homes(PartitionCounts counts, LongSupplier wall, Duration looking) {
    /// @param remembered for how long the ids of ended requests are known; when partitions were added, a generation may
    ///                   have been live for as long
    public static Homes of(PartitionCounts counts, LongSupplier wall, Duration remembered) {
        return new Homes(counts, wall, looking(remembered));
    }

    /// The greatest age of a record whose id may still be known, given how long ended ids are remembered.
    public static Duration looking(Duration remembered) {
        return remembered.multipliedBy(2).plusHours(1);
    }

    /// The next partition to ask for an id that this partition does not know; empty where the record has to be handled
    /// here.
    ///
    /// @param here    this partition
    /// @param visited the partitions that did not know the id
    public OptionalInt next(Bytes id, int here, Set<Integer> visited) {
        if (!counts.haveGrown()) {
            return OptionalInt.empty();
        }
        var homes = counts.homes(id.get(), wall.getAsLong() - looking.toMillis());
        if (!homes.contains(here)) {
            return OptionalInt.empty();     // the producer uses another partitioner
        }
        var former = new ArrayList<>(homes.subList(1, homes.size()));
        former.removeAll(visited);
        former.remove(Integer.valueOf(here));
        if (!former.isEmpty()) {
            return OptionalInt.of(former.getFirst());
        }
        return homes.getFirst() == here ? OptionalInt.empty() : OptionalInt.of(homes.getFirst());
    }

    /// The partitions to which an id's result may have been written, the present partition first.
    public List<Integer> ofResult(Bytes id) {
        return counts.homes(id.get(), 0);
    }
}
