package dev.flover.topology.models;

import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.ModelOrderKind;
import dev.flover.schemas.models.Assignment;
import dev.flover.schemas.serdes.TrustedRecords;
import dev.flover.topology.models.RequestOffsets.Snapshot;
import dev.flover.topology.position.GroupState;
import dev.flover.topology.position.LostState;
import dev.flover.topology.position.PartitionCounts;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/// Changes which group answers which requests, and waits until each change holds.
///
/// An order that another group has to learn of takes the lease: about three seconds, during which no group takes in
/// requests. All methods throw [OrderRefusedException] where the order is refused, and [KafkaException] where the
/// cluster does not answer; in the latter case the order may have been written, and may be given again.
public final class Orders implements AutoCloseable {
    private final Admin admin;
    private final ModelsTopic topic;
    private final RequestOffsets requests;
    private final String requestsTopic;
    private final CountDownLatch closing;

    /// @param kafka   client properties
    /// @param closing counted down to end a wait for the lease
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

    /// The present registrations, after reading the models topic to its end.
    public Registrations registrations() {
        return topic.readToEnd();
    }

    /// Registers a group under model names, unless it is registered already, and sets its committed offsets to the
    /// place where it has to begin, unless they are there already.
    ///
    /// @param names        first the model's own name, then its aliases
    /// @param defaultGroup whether the group is to take over the role of the default group, if another group has it
    /// @param begin        where it begins; null where no option says so
    /// @param onLoss       what is done where the group's offsets and its state do not fit each other
    /// @param remembered   how far back a group that joins others reads their requests, to know the ids
    /// @throws UndecidedStartException if the operator has to choose where to begin
    public Registered register(List<String> names, boolean defaultGroup, @Nullable Begin begin, LostState onLoss,
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

    /// The registration of a group.
    ///
    /// @param assignment the assignment after it
    /// @param topicId    id of the requests topic
    /// @param note       after a first start: which older requests were found, and which group answers them
    public record Registered(Assignment assignment, String topicId, Optional<String> note) {}

    /// The present and former partition counts of the requests topic. Appends counts to the models topic that are not
    /// in it yet.
    ///
    /// @param before the partition count that the group's state was made for, where it has a state
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
        return Objects.requireNonNull(known, "the models topic does not have the count that was appended");
    }

    /// Ends a group's registration of some model names, and its claim to be the default group.
    public void giveUp(String group, List<String> names, boolean defaultGroup) {
        place(order(ModelOrderKind.GIVE_UP).setGroup(group).setNames(names).setDefaultGroup(defaultGroup).build());
    }

    /// Gives some model names, or the role of the default group, to another group from now on.
    public void handOver(List<String> names, boolean defaultGroup, String to) {
        place(order(ModelOrderKind.HAND_OVER).setGroup(to).setNames(names).setDefaultGroup(defaultGroup).build());
    }

    /// Ends the registration of a group that does not run.
    ///
    /// @param abandon whether requests that the group has not read may stay without an answer
    public void remove(String group, boolean abandon) {
        var description = RequestOffsets.await(
                Objects.requireNonNull(admin.describeConsumerGroups(List.of(group)).describedGroups().get(group)));
        if (!description.members().isEmpty()) {
            throw new OrderRefusedException("the group '" + group + "' runs, with " + description.members().size()
                    + " members; stop it first");
        }
        long unread = topic.readToEnd().latest().groups().contains(group) ? requests.unread(group) : 0;
        if (unread > 0 && !abandon) {
            throw new OrderRefusedException("the group '" + group + "' has not read " + unread + " records of "
                    + requestsTopic + ", and no other group will answer its requests among them; let it read them, or "
                    + "add --abandon");
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
                throw new KafkaException("stopped while waiting for a change of models to take effect");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while waiting for a change of models to take effect", e);
        }
    }

    @Override
    public void close() {
        topic.close();
        admin.close();
    }
}
