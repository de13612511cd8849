package dev.flover.topology.state;

import dev.flover.topology.state.PartitionState.StoredAnswer;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Counts the stored generations that cannot go on here, because they were begun under another model file or another
/// arithmetic, by the model file or the arithmetic that they wait for.
public final class BegunElsewhere {
    private final Map<String, Integer> counts = new TreeMap<>();

    public void add(StoredAnswer[] answers) {
        for (var answer : answers) {
            if (answer.isBegun()) {
                String arithmetic = answer.arithmetic().isEmpty() ? "unknown" : answer.arithmetic().getLast();
                counts.merge(arithmetic + " on " + answer.model(), 1, Integer::sum);
                return;
            }
        }
    }

    public boolean isEmpty() {
        return counts.isEmpty();
    }

    /// A sentence for the operator: how many generations wait, for which arithmetic and model file, and the remedy.
    ///
    /// @param here the arithmetic and model file of this instance
    public String sentence(String here) {
        int all = counts.values().stream().mapToInt(Integer::intValue).sum();
        String wanted = counts.entrySet().stream()
                .map(entry -> entry.getValue() + " for " + entry.getKey())
                .collect(Collectors.joining(", "));
        return all + (all == 1 ? " stored generation waits" : " stored generations wait")
                + " for an instance of another arithmetic or model file than " + here + ": " + wanted
                + "; start one that has it, or set other-arithmetic to continue: then they continue here, and their "
                + "results name both";
    }
}
