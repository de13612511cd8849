package dev.flover.topology.state;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/// Counts the generations of a process that stay stored and are not computed, because they set a field that this
/// release does not know. Written by the stream threads; any thread may read.
public final class LeftToOthers {
    private final Map<Integer, Left> partitions = new ConcurrentHashMap<>();

    /// The generations of one partition.
    ///
    /// @param fields names of the fields that are not known
    private record Left(int generations, TreeSet<String> fields) {}

    /// Counts a generation of a partition.
    ///
    /// @param fields names of its fields that this release does not know; empty if its form is not known
    public void add(int partition, List<String> fields) {
        partitions.compute(partition, (number, before) -> {
            var names = new TreeSet<>(before == null ? List.of() : before.fields());
            names.addAll(fields);
            return new Left(before == null ? 1 : before.generations() + 1, names);
        });
    }

    /// Forgets a partition that was assigned to another process.
    public void forget(int partition) {
        partitions.remove(partition);
    }

    public int count() {
        return partitions.values().stream().mapToInt(Left::generations).sum();
    }

    /// A sentence for the operator; empty where there is no such generation.
    public String sentence() {
        var all = new TreeMap<>(partitions);
        return all.isEmpty() ? "" : sentence(all);
    }

    private static String sentence(Map<Integer, Left> all) {
        int generations = all.values().stream().mapToInt(Left::generations).sum();
        var fields = new TreeSet<String>();
        all.values().forEach(left -> fields.addAll(left.fields()));
        String names = fields.isEmpty() ? "in a form" : "with fields (" + String.join(", ", fields) + ")";
        return generations + " unfinished requests of partitions " + all.keySet() + " are stored " + names
                + " that this release does not know; they wait for an instance of a newer release";
    }
}
