package dev.flover.topology.models;

import dev.flover.topology.models.RequestOffsets.Snapshot;
import dev.flover.topology.position.GroupState;
import dev.flover.topology.position.LostState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides where a group begins to read at a start, from its committed offsets, its state's changelogs and its
/// registration, if these fit each other.
///
/// ```
///   offsets  changelogs  registered
///      x         x           -        goes on
///      -         x           x        goes on from the positions that the state keeps
///      -         -           -        first start: --from
///      x         -       before them  it ended before it read anything: goes on
///      every other                    a loss: --lost-state
/// ```
final class GroupStart {
    private static final Logger LOG = LoggerFactory.getLogger(GroupStart.class);

    private final RequestOffsets requests;
    private final String requestsTopic;
    private final Registrations known;
    private final GroupState state;
    private final @Nullable Begin begin;
    private final LostState onLoss;
    private final Duration remembered;
    private final Snapshot ends;
    private final Map<Integer, Long> committed;
    /// The offsets, by partition, from which the group was registered on the present requests topic; null where it is
    /// not registered, or was registered on an earlier topic of that name.
    private final @Nullable List<Long> registered;

    /// The place where a group begins.
    ///
    /// @param from   the offsets from which its registration holds, if the group is registered now
    /// @param begins the offsets to commit for the group before it reads, by partition
    /// @param note   a sentence for the operator
    record Start(Snapshot from, Map<Integer, Long> begins, Optional<String> note) {}

    /// Whether another process of the group has committed offsets since this object was made.
    boolean isOvertaken() {
        return !committed.equals(committed());
    }

    GroupStart(RequestOffsets requests, String requestsTopic, Registrations known, GroupState state,
            @Nullable Begin begin, LostState onLoss, Duration remembered) {
        this.requests = requests;
        this.requestsTopic = requestsTopic;
        this.known = known;
        this.state = state;
        this.begin = begin;
        this.onLoss = onLoss;
        this.remembered = remembered;
        ends = requests.ends();
        committed = committed();
        var start = known.starts().get(state.group());
        registered = start != null && start.topicId().equals(ends.topicId()) ? start.offsets() : null;
    }

    private Map<Integer, Long> committed() {
        var found = new HashMap<Integer, Long>();
        for (Map.Entry<TopicPartition, OffsetAndMetadata> entry : requests.committed(state.group()).entrySet()) {
            found.put(entry.getKey().partition(), entry.getValue().offset());
        }
        return found;
    }

    /// Decides where the group begins.
    ///
    /// @throws UndecidedStartException if the operator has to choose
    Start find() {
        var missing = state.missing();
        if (!committed.isEmpty()) {
            return missing.isEmpty() || !hasRead() ? goesOn() : lost("the changelogs " + String.join(", ", missing)
                    + " are gone, and with them a part of the state of the application id '" + state.group()
                    + "' about requests that it has read, " + read() + " of " + requestsTopic);
        }
        boolean hasRun = !state.isAbsent();
        var start = known.starts().get(state.group());
        if (start != null && registered == null) {
            return beginning(requests.of(new Begin.Earliest()), Optional.empty());      // no record of it was read
        }
        if (hasRun) {
            return fromPositions();
        }
        if (registered != null && ends.sum(new Snapshot(ends.topicId(), registered), (end, from) -> end - from) > 0) {
            return lost("the application id '" + state.group() + "' is registered for " + requestsTopic + ", and has "
                    + "neither offsets nor changelogs: they were deleted, or it ended in the middle of its first "
                    + "start");
        }
        return registered != null ? beginning(new Snapshot(ends.topicId(), registered), Optional.empty())
                : firstStart();
    }

    /// Whether the group has read any record since its first start.
    private boolean hasRead() {
        return committed.entrySet().stream().anyMatch(entry -> entry.getValue() > registeredAt(entry.getKey()));
    }

    private long registeredAt(int partition) {
        return registered == null || partition >= registered.size() ? 0 : registered.get(partition);
    }

    private String read() {
        return committed.values().stream().mapToLong(offset -> offset).sum() + " by their offsets";
    }

    /// The start of a group that goes on from its committed offsets. A partition without a committed offset is new, or
    /// has lost only its offset, and goes on from its stored position.
    private Start goesOn() {
        var begins = new HashMap<Integer, Long>();
        if (committed.size() < ends.offsets().size()) {
            var positions = state.positions();
            var first = requests.of(new Begin.Earliest());
            for (int partition = 0; partition < ends.offsets().size(); partition++) {
                if (!committed.containsKey(partition)) {
                    var position = positions.get(partition);
                    begins.put(partition, position != null && position.topicId().equals(ends.topicId())
                            ? position.next() : first.offsets().get(partition));
                }
            }
        }
        return new Start(zeros(), begins, Optional.empty());
    }

    /// Offset 0 for each partition: if a group has read requests before it registers, its registration holds from the
    /// beginning, because the group had to answer these requests.
    private Snapshot zeros() {
        return new Snapshot(ends.topicId(), ends.offsets().stream().map(offset -> 0L).toList());
    }

    private Start beginning(Snapshot from, Optional<String> note) {
        var begins = new HashMap<Integer, Long>();
        for (int partition = 0; partition < from.offsets().size(); partition++) {
            begins.put(partition, from.offsets().get(partition));
        }
        return new Start(from, begins, note);
    }

    private Start fromPositions() {
        var positions = state.positions();
        var from = new ArrayList<Long>();
        for (int partition = 0; partition < ends.offsets().size(); partition++) {
            var position = positions.get(partition);
            var known = position != null && position.topicId().equals(ends.topicId()) ? position : null;
            if (known == null && ends.offsets().get(partition) > registeredAt(partition)) {
                return lost("Kafka has deleted the offsets of the application id '" + state.group() + "' on "
                        + requestsTopic + ", as it does when a group is away for longer than "
                        + "offsets.retention.minutes, and its state has no offset of partition " + partition);
            }
            from.add(known != null ? known.next() : registeredAt(partition));
        }
        LOG.warn("Kafka had lost the offsets of the application id '{}'; it continues from {}, the offsets in its "
                + "state",
                state.group(), from);
        return new Start(zeros(), beginning(new Snapshot(ends.topicId(), from), Optional.empty()).begins(),
                Optional.empty());
    }

    private Start firstStart() {
        var first = requests.of(new Begin.Earliest());
        long kept = ends.sum(first, (end, begins) -> end - begins);
        if (kept == 0) {
            return beginning(first, Optional.empty());
        }
        if (begin == null) {
            throw UndecidedStartException.ofFirstStart("the topic " + requestsTopic + " keeps " + kept + " requests, "
                    + "and the application id '" + state.group() + "' is started for the first time");
        }
        var others = known.latest().groups();
        var chosen = others.isEmpty() ? requests.of(begin)
                : requests.of(begin).orEarlier(requests.of(new Begin.At(Instant.now().minus(remembered))));
        long taken = ends.sum(chosen, (end, begins) -> end - begins);
        return beginning(chosen, Optional.of(requestsTopic + " keeps " + kept + " requests from before this first "
                + "start; " + answered(kept, taken, others)));
    }

    private static String answered(long kept, long taken, List<String> others) {
        return others.isEmpty()
                ? taken + " of them are answered now, " + (kept - taken) + " are not answered"
                : "they belong to the groups that registered before: " + String.join(", ", others)
                        + "; the ids of the last " + taken + " are read, so that one that is sent again is known";
    }

    private Start lost(String problem) {
        if (onLoss == LostState.STOP) {
            throw UndecidedStartException.ofLoss(problem);
        }
        int members = state.members();
        if (members > 0) {
            throw new KafkaException(problem + "; first stop the " + members + " processes "
                    + "of '" + state.group() + "' that run");
        }
        var begins = new HashMap<Integer, Long>();
        var first = requests.of(new Begin.Earliest());
        for (int partition = 0; partition < ends.offsets().size(); partition++) {
            begins.put(partition, onLoss == LostState.REREAD
                    ? Math.max(first.offsets().get(partition), registeredAt(partition))
                    : committed.getOrDefault(partition, ends.offsets().get(partition)));
        }
        if (onLoss == LostState.REREAD) {
            state.setPositions(ends.topicId(), ends.offsets());
        }
        LOG.warn("{}; as --lost-state is {}, it continues from {}", problem,
                onLoss.name().toLowerCase(Locale.ROOT), begins);
        return new Start(zeros(), begins, Optional.empty());
    }
}
