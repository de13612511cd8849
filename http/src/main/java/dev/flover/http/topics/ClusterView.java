package dev.flover.http.topics;

import dev.flover.schemas.models.Assignment;
import dev.flover.topology.models.Orders;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The registered models and the lag of the pipelines, as last observed.
///
/// @param assignment which group answers for which model; null if the models topic was not read yet
/// @param lag        the greatest lag of a group, in requests
/// @param problem    why the last observation failed; null if it succeeded
public record ClusterView(@Nullable Assignment assignment, long lag, @Nullable String problem) {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterView.class);

    /// Returns the models that are served, in alphabetical order.
    public TreeSet<String> models() {
        return assignment == null ? new TreeSet<>() : new TreeSet<>(assignment.owners().keySet());
    }

    /// Tells whether a pipeline has ever registered.
    public boolean hasPipeline() {
        return assignment != null && assignment.defaultGroup() != null;
    }

    /// Returns a model of the default group, which answers the requests that name no model.
    public Optional<String> defaultModel() {
        String group = assignment == null ? null : assignment.defaultGroup();
        return assignment == null || group == null ? Optional.empty()
                : assignment.namesOf(group).stream().findFirst();
    }

    /// Reads the registrations, and returns a model of the default group; empty if none has registered.
    public static Optional<String> defaultModel(TopicAccess access) throws InterruptedException {
        try (var orders = new Orders(access.consumerProperties(), access.topics().models(), access.topics().requests(),
                new CountDownLatch(1))) {
            return new ClusterView(orders.registrations().latest(), 0, null).defaultModel();
        } catch (KafkaException | IllegalStateException e) {
            LOG.debug("the registrations cannot be read", e);
            return Optional.empty();
        }
    }
}
