package dev.flover.topology.models;

import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.ModelOrderKind;
import dev.flover.schemas.models.Assignment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The state that the orders of the models topic result in, up to some offset: which group answers which requests, and
/// from which offsets of the requests topic on.
///
/// ```
///   models topic     REGISTER a   REGISTER b   EFFECTIVE      GIVE_UP x    EFFECTIVE
///                        |            :            |              :            |
///   settled              yes          no           yes            no           yes
///   eras             [a from 0]                    [a, b from 17]              [a, b without x from 35]
/// ```
///
/// The very first order holds at once, from the place where its group begins to read, because no other group has
/// decided anything before it. Every other order waits for an EFFECTIVE record, and until that has come, no record can
/// be decided. Immutable: reading a further order gives another object.
///
/// @param eras    in the order of the topic; no era begins at a smaller offset than the era before it
/// @param waiting orders that were accepted and are not effective yet
/// @param starts  where each registered group began to read
public record Registrations(List<Era> eras, List<Waiting> waiting, Map<String, Start> starts) {
    /// The registrations of an empty topic.
    public static final Registrations NONE = new Registrations(List.of(), List.of(), Map.of());

    /// A range of offsets of the requests topic with one assignment.
    ///
    /// @param topicId id of the requests topic
    /// @param from    the offset of each partition from which on the assignment holds; 0 in partitions that were added
    ///                later
    public record Era(Assignment assignment, String topicId, List<Long> from) {
        public Era {
            from = List.copyOf(from);
        }

        public long from(int partition) {
            return partition < from.size() ? from.get(partition) : 0;
        }
    }

    /// An order that is not effective yet.
    ///
    /// @param position offset of the order in the models topic
    /// @param after    the assignment once it is effective
    public record Waiting(long position, Assignment after) {}

    /// The place where a group began to read.
    ///
    /// @param topicId id of the requests topic, which may have been deleted and created again since
    /// @param offsets by partition
    public record Start(String topicId, List<Long> offsets) {
        public Start {
            offsets = List.copyOf(offsets);
        }
    }

    public Registrations {
        eras = List.copyOf(eras);
        waiting = List.copyOf(waiting);
        starts = Map.copyOf(starts);
    }

    /// The assignment once all orders are effective.
    public Assignment latest() {
        if (!waiting.isEmpty()) {
            return waiting.getLast().after();
        }
        return eras.isEmpty() ? Assignment.NONE : eras.getLast().assignment();
    }

    /// Whether no order waits, so that decisions can be made.
    public boolean isSettled() {
        return waiting.isEmpty();
    }

    /// The reason why an order is refused after these registrations; empty where it is accepted.
    Optional<String> refusal(ModelOrder order) {
        return latest().refusal(order);
    }

    /// The registrations after the topic's next order, which is left out where it is refused or changes nothing.
    ///
    /// @param position of the order in the models topic
    Registrations with(long position, ModelOrder order) {
        if (order.getKind() == ModelOrderKind.EFFECTIVE) {
            return effective(order);
        }
        var before = latest();
        if (before.refusal(order).isPresent()) {
            return this;
        }
        var after = before.after(order);
        if (after.equals(before)) {
            return this;
        }
        var known = starts(order, after);
        if (order.getKind() == ModelOrderKind.REGISTER && before.groups().isEmpty() && isSettled()) {
            return new Registrations(
                    with(eras, after, order.getTopicId(), order.getOffsets()), List.of(), known);
        }
        var more = new ArrayList<>(waiting);
        more.add(new Waiting(position, after));
        return new Registrations(eras, more, known);
    }

    private Map<String, Start> starts(ModelOrder order, Assignment after) {
        var known = new HashMap<>(starts);
        if (order.getKind() == ModelOrderKind.REGISTER) {
            known.putIfAbsent(order.getGroup(), new Start(order.getTopicId(), order.getOffsets()));
        }
        known.keySet().retainAll(after.groups());
        return known;
    }

    private Registrations effective(ModelOrder order) {
        var left = new ArrayList<>(waiting);
        Assignment reached = null;
        while (!left.isEmpty() && left.getFirst().position() <= order.getThrough()) {
            reached = left.removeFirst().after();
        }
        return reached == null
                ? this
                : new Registrations(with(eras, reached, order.getTopicId(), order.getOffsets()), left, starts);
    }

    private static List<Era> with(List<Era> eras, Assignment assignment, String topicId, List<Long> from) {
        var more = new ArrayList<>(eras);
        var later = new ArrayList<>(from);
        if (!eras.isEmpty() && eras.getLast().topicId().equals(topicId)) {
            var last = eras.getLast();
            for (int partition = 0; partition < Math.max(later.size(), last.from().size()); partition++) {
                if (partition == later.size()) {
                    later.add(0L);
                }
                later.set(partition, Math.max(later.get(partition), last.from(partition)));
            }
        }
        more.add(new Era(assignment, topicId, later));
        return more;
    }

    /// The groups that answered requests for a model before another group did, and that are still registered; each with
    /// the offset of the partition up to which requests are its own.
    ///
    /// @param model null for requests that name none
    /// @param now   the group that answers them now
    Map<String, Long> answeredBefore(String topicId, int partition, @Nullable String model, String now) {
        var before = new HashMap<String, Long>();
        for (int i = 0; i + 1 < eras.size(); i++) {
            String group = eras.get(i).assignment().groupFor(model);
            boolean counts = eras.get(i).topicId().equals(topicId) && eras.get(i + 1).topicId().equals(topicId);
            if (counts && group != null && !group.equals(now)) {
                before.merge(group, eras.get(i + 1).from(partition), Math::max);
            }
        }
        before.keySet().retainAll(latest().groups());
        return before;
    }

    /// The assignment that holds for a record of the requests topic.
    ///
    /// @param topicId id of the present requests topic; where the topic was deleted and created again, all its records
    ///                come after the eras of earlier topics
    public Assignment at(String topicId, int partition, long offset) {
        for (int i = eras.size() - 1; i >= 0; i--) {
            var era = eras.get(i);
            if (!era.topicId().equals(topicId) || era.from(partition) <= offset) {
                return era.assignment();
            }
        }
        return Assignment.NONE;
    }
}
