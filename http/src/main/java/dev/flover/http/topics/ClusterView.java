package dev.flover.http.topics;

import dev.flover.topology.models.Assignment;
import java.util.Optional;
import java.util.TreeSet;

/// What is known of the pipelines and their lag, and since when.
///
/// @param assignment who answers for which model; null while the models topic has not been read
/// @param lag        most requests that a group has not read yet
/// @param asOf       on System.nanoTime
/// @param problem    why the last look failed; null where it did not
public record ClusterView(Assignment assignment, long lag, long asOf, String problem) {
    /// Models that can be asked for, in alphabetical order.
    public TreeSet<String> models() {
        return assignment == null ? new TreeSet<>() : new TreeSet<>(assignment.owners().keySet());
    }

    /// Whether any pipeline has ever registered.
    public boolean hasPipeline() {
        return assignment != null && assignment.defaultGroup() != null;
    }

    /// A model of the group that answers requests that name none.
    public Optional<String> defaultModel() {
        return hasPipeline() ? assignment.namesOf(assignment.defaultGroup()).stream().findFirst() : Optional.empty();
    }
}
