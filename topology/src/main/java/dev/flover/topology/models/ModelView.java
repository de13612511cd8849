package dev.flover.topology.models;

import dev.flover.schemas.models.Assignment;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The models topic as a process knows it, with the time at which this knowledge was current. Published by the thread
/// that reads the topic; read by the stream threads, at the cost of a volatile read and a reading of the clock.
public final class ModelView {
    /// The lease: the shortest time between the writing of an order and the reading of the offsets from which it holds.
    static final Duration LEASE = Duration.ofSeconds(3);
    /// The greatest age of a view on which a decision may be based. It is shorter than the lease, because the clocks of
    /// processes differ in speed.
    static final Duration VALID = Duration.ofMillis(2_500);

    private final String group;
    private final String topicId;
    private final LongSupplier clock;
    private volatile @Nullable Known known;

    private record Known(Registrations registrations, long asOf) {}

    /// @param group   application id of the group whose view this is
    /// @param topicId id of the requests topic
    /// @param clock   a monotonic clock in nanoseconds
    public ModelView(String group, String topicId, LongSupplier clock) {
        this.group = group;
        this.topicId = topicId;
        this.clock = clock;
    }

    /// Publishes a newer view.
    ///
    /// @param asOf a time on the clock, in ns: `registrations` has all orders that were on the models topic at that
    ///             time
    public void publish(Registrations registrations, long asOf) {
        known = new Known(registrations, asOf);
    }

    public String group() {
        return group;
    }

    /// The id of the requests topic.
    public String topicId() {
        return topicId;
    }

    /// Whether the view is recent enough, and no order is waiting, so that [#at] has an answer.
    public boolean isCurrent() {
        return current() != null;
    }

    /// The assignment that holds for a record of the requests topic; null where it is not known now, and has to be
    /// asked for again later.
    public @Nullable Assignment at(int partition, long offset) {
        var registrations = current();
        return registrations == null ? null : registrations.at(topicId, partition, offset);
    }

    /// The groups that answered requests for a model before this group did, and may still have some of them to answer;
    /// each with the offset of the partition up to which requests are its own. As of the last look at the models topic.
    ///
    /// @param model null for a request that names none
    public Map<String, Long> answeredBefore(int partition, @Nullable String model) {
        var now = known;
        return now == null ? Map.of() : now.registrations().answeredBefore(topicId, partition, model, group);
    }

    private @Nullable Registrations current() {
        var now = known;
        return now != null && now.registrations().isSettled() && clock.getAsLong() - now.asOf() < VALID.toNanos()
                ? now.registrations()
                : null;
    }
}
