package dev.flover.topology.state;

import dev.flover.topology.position.Position;
import dev.flover.topology.position.UnreadGaps;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The read position of one partition: all records before it were taken in. It is stored in the same transaction as the
/// outcome of the records.
///
/// A record before the position is read again if the group's offsets were set back. It is passed over where its id is
/// known or has a result. After a broker has lost the end of its log, it may also be a new record.
public final class ReadPosition {
    private static final Logger LOG = LoggerFactory.getLogger(ReadPosition.class);

    private final PartitionState state;
    private final String topicId;
    private final int partition;
    private final UnreadGaps gaps;
    private boolean known;
    private long next;
    private boolean said;

    /// @param topicId id of the requests topic; a stored position of another topic does not count
    /// @param gaps    collects the ranges of offsets without records
    public ReadPosition(PartitionState state, String topicId, int partition, UnreadGaps gaps) {
        this.state = state;
        this.topicId = topicId;
        this.partition = partition;
        this.gaps = gaps;
        known = state.position().filter(position -> position.topicId().equals(topicId)).isPresent();
        next = state.position().filter(position -> position.topicId().equals(topicId)).map(Position::next).orElse(0L);
    }

    /// Offset of the first record that was not taken in.
    public long next() {
        return next;
    }

    /// Whether a record was read before. The first such record is logged.
    public boolean isPast(long offset) {
        if (offset < next && !said) {
            said = true;
            LOG.warn("partition {}: requests from offset {} up to {} are read again, because the group's offsets were "
                    + "set back; those that are known or have a result are skipped", partition, offset, next);
        }
        return offset < next;
    }

    /// Advances the position past a record that was taken in.
    public void passed(long offset) {
        if (offset >= next) {
            if (known && offset > next) {
                gaps.add(new UnreadGaps.Gap(partition, next, offset));
            }
            known = true;
            next = offset + 1;
            state.putPosition(new Position(topicId, next));
        }
    }
}
