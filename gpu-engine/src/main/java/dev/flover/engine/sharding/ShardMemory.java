package dev.flover.engine.sharding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// The memory that the ranks of a plan need at least, in bytes, compared with what they have.
///
/// @param plan the division of the model
/// @param use  the memory that the ranks need beside their weights
public record ShardMemory(ShardPlan plan, Use use) {
    private static final double MEGABYTE = 1e6;

    /// The memory that ranks need beside their weights.
    ///
    /// @param positions    positions of the KV cache
    /// @param elementBytes bytes of one number in it
    /// @param rows         the most rows of a step
    /// @param samples      the most rows of a step that need logits
    public record Use(long positions, int elementBytes, int rows, int samples) {}

    /// The memory of a machine, a NUMA node or a device, which several ranks may share.
    ///
    /// @param name  for example `the machine`; equal names are the same memory
    /// @param bytes its size, or how many bytes of it are free
    public record Place(String name, long bytes) {}

    /// Bytes of keys and values of one rank.
    public long cacheBytes(int rank) {
        return use.positions() * plan.cacheBytes(rank, use.elementBytes());
    }

    /// Bytes of activations of one rank.
    public long scratchBytes(int rank) {
        return plan.scratchBytes(rank, use.rows(), use.samples());
    }

    /// Bytes of one rank: weights as the file stores them, keys and values, activations.
    public long bytes(int rank) {
        return plan.shares().get(rank).weightBytes() + cacheBytes(rank) + scratchBytes(rank);
    }

    /// The sentences that say which memory is too small, and for which ranks; empty if all fit.
    ///
    /// @param places the memory of each rank
    public List<String> shortages(List<Place> places) {
        var ranksOf = new LinkedHashMap<String, List<Integer>>();
        for (int rank = 0; rank < plan.ranks(); rank++) {
            ranksOf.computeIfAbsent(places.get(rank).name(), _ -> new ArrayList<>()).add(rank);
        }
        var found = new ArrayList<String>();
        ranksOf.values().forEach(ranks -> {
            var place = places.get(ranks.getFirst());
            if (ranks.stream().mapToLong(this::bytes).sum() > place.bytes()) {
                found.add(shortage(place, ranks));
            }
        });
        return found;
    }

    private String shortage(Place place, List<Integer> ranks) {
        long weights = ranks.stream().mapToLong(rank -> plan.shares().get(rank).weightBytes()).sum();
        long cache = ranks.stream().mapToLong(this::cacheBytes).sum();
        long scratch = ranks.stream().mapToLong(this::scratchBytes).sum();
        String who = plan.ranks() == 1 ? "the model needs"
                : (ranks.size() == 1 ? "rank " : "ranks ") + ranks.stream().map(String::valueOf)
                        .collect(Collectors.joining(", ")) + (ranks.size() == 1 ? " needs" : " need");
        return place.name() + " has " + megabytes(place.bytes()) + ", and " + who + " at least "
                + megabytes(weights + cache + scratch) + " there: " + megabytes(weights) + " of weights, "
                + megabytes(cache) + " of keys and values for " + use.positions() + " positions, "
                + megabytes(scratch) + " for the steps";
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,.1f MB", bytes / MEGABYTE);
    }
}
