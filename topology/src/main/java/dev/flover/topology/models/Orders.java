package dev.flover.topology.models;

import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.ModelOrderKind;
import dev.flover.schemas.serdes.TrustedRecords;
import dev.flover.topology.models.RequestOffsets.Snapshot;
import dev.flover.topology.position.GroupState;
import dev.flover.topology.position.LostState;
import dev.flover.topology.position.PartitionCounts;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/// Changes who answers which requests, and waits until each change holds.
///
/// An order that another group has to learn of takes the lease: some three seconds, during which nobody takes requests
/// in. All methods throw [OrderRefusedException] where the order is not carried out, and [KafkaException] where the
/// cluster does not answer; the order may then have been placed, and can be given again.
public final class Orders implements AutoCloseable {
    private final Admin admin;
    private final ModelsTopic topic;
    private final RequestOffsets requests;
    private final String requestsTopic;
    private final CountDownLatch closing;

    /// @param kafka   client properties
    /// @param closing ends a wait for the lease
    public Orders(Map<String, String> kafka, String modelsTopic, String requestsTopic, CountDownLatch closing) {
        TrustedRecords.trust();
        admin = Admin.create(adminProperties(kafka));
        topic = new ModelsTopic(kafka, modelsTopic);
        requests = new RequestOffsets(admin, requestsTopic);
        this.requestsTopic = requestsTopic;
        this.closing = closing;
    }

    static Map<String, Object> adminProperties(Map<String, String> kafka) {
        var properties = new HashMap<String, Object>(kafka);
        properties.putIfAbsent("default.api.timeout.ms", "15000");
        properties.putIfAbsent("request.timeout.ms", "5000");
        return properties;
    }

    static ModelOrder effective(Snapshot ends, long through) {
        return order(ModelOrderKind.EFFECTIVE).setThrough(through).setTopicId(ends.topicId())
                .setOffsets(ends.offsets()).build();
    }

    private static ModelOrder.Builder order(ModelOrderKind kind) {
        return ModelOrder.newBuilder().setKind(kind).setAt(System.currentTimeMillis());
    }

    /// Whether both topics exist.
    public boolean isPossible() {
        return requests.exists(topic.name()) && requests.exists(requestsTopic);
    }

    /// All that is registered now.
    public Registrations registrations() {
        return topic.readToEnd();
    }

    /// Registers a group under names, where it is not yet, and lets it begin to read where it should, where that is not
    /// what Kafka has. Does nothing where all of it is so already.
    ///
    /// @param names        first the model's own, then its aliases
    /// @param defaultGroup whether it is to be the default group, if another one is
    /// @param begin        where it begins; null where no option says it
    /// @param onLoss       what is done where its offsets and its state do not fit each other
    /// @param remembered   how far back a group that joins others reads their requests, to know their ids
    /// @throws UndecidedStartException if that has to be said
    public Registered register(List<String> names, boolean defaultGroup, Begin begin, LostState onLoss,
            Duration remembered, GroupState state) {
        var known = topic.readToEnd();
        var order = order(ModelOrderKind.REGISTER).setGroup(state.group()).setNames(names)
                .setDefaultGroup(defaultGroup);
        known.refusal(order.build()).ifPresent(reason -> {
            throw new OrderRefusedException(reason);
        });
        var beginning = new GroupStart(requests, requestsTopic, known, state, begin, onLoss, remembered);
        var start = beginning.find();
        place(order.setTopicId(start.from().topicId()).setOffsets(start.from().offsets()).build());
        if (!start.begins().isEmpty() && state.members() == 0 && !beginning.isOvertaken()) {
            requests.begin(state.group(), start.begins());
        }
        var all = topic.readToEnd();
        return new Registered(all.latest(), start.from().topicId(), start.note());
    }

    /// @param assignment with the group in it
    /// @param topicId    of the requests topic
    /// @param note       of a first start: which requests from before it were found, and who answers them
    public record Registered(Assignment assignment, String topicId, Optional<String> note) {}

    /// How many partitions the requests topic has and had. Writes counts down that are not on the models topic yet.
    ///
    /// @param before how many the group's state was made for, where it has one
    public PartitionCounts countPartitions(OptionalInt before) {
        var ends = requests.ends();
        int now = ends.offsets().size();
        topic.readToEnd();
        var known = topic.counts(ends.topicId());
        if (known == null && before.isPresent() && before.getAsInt() < now) {
            topic.append(ends.topicId(), before.getAsInt());
        }
        if (known == null || known.now() < now) {
            topic.append(ends.topicId(), now);
            topic.readToEnd();
            known = topic.counts(ends.topicId());
        }
        return known;
    }

    /// A group no longer serves some names, and no longer insists on being the default group.
    public void giveUp(String group, List<String> names, boolean defaultGroup) {
        place(order(ModelOrderKind.GIVE_UP).setGroup(group).setNames(names).setDefaultGroup(defaultGroup).build());
    }

    /// Another group serves some names, or is the default group, from now on.
    public void handOver(List<String> names, boolean defaultGroup, String to) {
        place(order(ModelOrderKind.HAND_OVER).setGroup(to).setNames(names).setDefaultGroup(defaultGroup).build());
    }

    /// A group that does not run is no longer registered.
    ///
    /// @param abandon whether requests that it has not read may stay without an answer
    public void remove(String group, boolean abandon) {
        var description = RequestOffsets.await(
                admin.describeConsumerGroups(List.of(group)).describedGroups().get(group));
        if (!description.members().isEmpty()) {
            throw new OrderRefusedException("the group '" + group + "' runs, with " + description.members().size()
                    + " members; stop it first");
        }
        long unread = topic.readToEnd().latest().groups().contains(group) ? requests.unread(group) : 0;
        if (unread > 0 && !abandon) {
            throw new OrderRefusedException("the group '" + group + "' has not read " + unread + " records of "
                    + requestsTopic + ", and nobody else will answer those of them that are for it; let it read them, "
                    + "or add --abandon");
        }
        place(order(ModelOrderKind.REMOVE).setGroup(group).build());
    }

    private void place(ModelOrder order) {
        var before = topic.readToEnd();
        var unneeded = before.refusal(order);
        if (unneeded.isPresent()) {
            throw new OrderRefusedException(unneeded.get());
        }
        if (before.isSettled() && before.latest().after(order).equals(before.latest())) {
            return;
        }
        long position = topic.append(order);
        long appended = System.nanoTime();
        var after = topic.readToEnd();
        if (topic.refusal(position) != null) {
            throw new OrderRefusedException(topic.refusal(position));
        }
        if (!after.isSettled()) {
            awaitLease(appended);
            topic.append(effective(requests.ends(), position));
            topic.readToEnd();
        }
    }

    private void awaitLease(long appended) {
        try {
            long left = ModelView.LEASE.toNanos() - (System.nanoTime() - appended);
            if (closing.await(left, TimeUnit.NANOSECONDS)) {
                throw new KafkaException("stopped while waiting for an order about models to hold");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while waiting for an order about models to hold", e);
        }
    }

    @Override
    public void close() {
        topic.close();
        admin.close();
    }
}
