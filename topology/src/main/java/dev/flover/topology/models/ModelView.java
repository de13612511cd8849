package dev.flover.topology.models;

import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;

/// The models topic as a process knows it, and as of when. Published by the thread that reads it; asked by the stream
/// thread, at the cost of a volatile read and a reading of the clock.
public final class ModelView {
    /// The lease: how long an order waits at least before the offsets are read from which it holds.
    static final Duration LEASE = Duration.ofSeconds(3);
    /// How old the view may be that a decision is based on. Shorter than the lease, because clocks differ in speed.
    static final Duration VALID = Duration.ofMillis(2_500);

    private final String group;
    private final String topicId;
    private final LongSupplier clock;
    private volatile Known known;

    private record Known(Registrations registrations, long asOf) {}

    /// @param group   whose view it is: its application id
    /// @param topicId of the requests topic
    /// @param clock   nanoseconds from any origin; never set back
    public ModelView(String group, String topicId, LongSupplier clock) {
        this.group = group;
        this.topicId = topicId;
        this.clock = clock;
    }

    /// @param asOf on the clock: all that was on the models topic then is in `registrations`
    public void publish(Registrations registrations, long asOf) {
        known = new Known(registrations, asOf);
    }

    public String group() {
        return group;
    }

    /// Of the requests topic.
    public String topicId() {
        return topicId;
    }

    /// Whether decisions can be made now.
    public boolean isCurrent() {
        return current() != null;
    }

    /// The assignment for a record that has been read; null where it is not known now: ask again later.
    public Assignment at(int partition, long offset) {
        var registrations = current();
        return registrations == null ? null : registrations.at(topicId, partition, offset);
    }

    /// Groups that may have to answer a request still that came before this group answered for its model; each with the
    /// offset up to which requests of a partition are its own. As of the last look at the models topic.
    ///
    /// @param model null for a request that names none
    public Map<String, Long> answeredBefore(int partition, String model) {
        var now = known;
        return now == null ? Map.of() : now.registrations().answeredBefore(topicId, partition, model, group);
    }

    private Registrations current() {
        var now = known;
        return now != null && now.registrations().isSettled() && clock.getAsLong() - now.asOf() < VALID.toNanos()
                ? now.registrations()
                : null;
    }
}
