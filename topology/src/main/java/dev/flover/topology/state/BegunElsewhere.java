package dev.flover.topology.state;

import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.state.PartitionState.StoredAnswer;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Finds the stored generations that may not continue in this process, because they were begun with another model file
/// or another arithmetic, and counts them by the model file and the arithmetic that they wait for.
public final class BegunElsewhere {
    private final String model;
    private final String arithmetic;
    private final OtherArithmetic policy;
    private final Map<String, Integer> counts = new TreeMap<>();

    /// @param model      fingerprint of this process's model file
    /// @param arithmetic arithmetic of this process's engine
    public BegunElsewhere(String model, String arithmetic, OtherArithmetic policy) {
        this.model = model;
        this.arithmetic = arithmetic;
        this.policy = policy;
    }

    /// Tells whether a generation with these answers may continue in this process.
    public boolean mayContinueHere(StoredAnswer[] answers) {
        if (policy == OtherArithmetic.CONTINUE) {
            return true;
        }
        for (var answer : answers) {
            boolean sameModel = answer.model() == null || answer.model().equals(model);
            boolean sameArithmetic =
                    answer.arithmetic().isEmpty() || answer.arithmetic().getLast().equals(arithmetic);
            if (!sameModel || !sameArithmetic) {
                return false;
            }
        }
        return true;
    }

    /// Counts a generation that may not continue here.
    public void add(StoredAnswer[] answers) {
        for (var answer : answers) {
            if (answer.isBegun()) {
                String begunWith = answer.arithmetic().isEmpty() ? "unknown" : answer.arithmetic().getLast();
                counts.merge(begunWith + " on " + answer.model(), 1, Integer::sum);
                return;
            }
        }
    }

    public boolean isEmpty() {
        return counts.isEmpty();
    }

    /// A sentence for the operator: how many generations wait, for which arithmetic and model file, and the remedy.
    public String sentence() {
        int all = counts.values().stream().mapToInt(Integer::intValue).sum();
        String wanted = counts.entrySet().stream()
                .map(entry -> entry.getValue() + " for " + entry.getKey())
                .collect(Collectors.joining(", "));
        return all + (all == 1 ? " stored generation waits" : " stored generations wait")
                + " for an instance of another arithmetic or model file than " + arithmetic + " on " + model + ": "
                + wanted + "; start one that has it, or set other-arithmetic to continue: then they continue here, and "
                + "their results name both";
    }
}
