package dev.flover.topology.state;

import dev.flover.topology.position.Position;
import dev.flover.topology.position.UnreadGaps;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The position up to which the records of one partition were taken in. Durable, in the transaction of their outcome.
///
/// A record before the position was read already: the group's offsets were set back. It is passed over where its id is
/// known or has a result; after a broker has lost the end of its log it may also be another record.
public final class ReadPosition {
    private static final Logger LOG = LoggerFactory.getLogger(ReadPosition.class);

    private final PartitionState state;
    private final String topicId;
    private final int partition;
    private final UnreadGaps gaps;
    private boolean known;
    private long next;
    private boolean said;

    /// @param gaps is given the ranges of offsets without records
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

    /// Whether a record was read before.
    public boolean isPast(long offset) {
        if (offset < next && !said) {
            said = true;
            LOG.warn("partition {}: requests from offset {} up to {} are read again, because the group's offsets were "
                    + "set back; those that are known or have a result are passed over", partition, offset, next);
        }
        return offset < next;
    }

    /// A record was taken in.
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
