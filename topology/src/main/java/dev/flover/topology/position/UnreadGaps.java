package dev.flover.topology.position;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Ranges of offsets without records that were met while a partition was read: transaction markers, or records that
/// retention deleted before they were read. The stream thread adds gaps; another thread, which may wait for the
/// broker's answer, takes them and finds out which of the two they are. Keeps at most 1000.
public final class UnreadGaps {
    private static final int MOST = 1000;

    private final Queue<Gap> gaps = new ConcurrentLinkedQueue<>();

    /// A range of offsets without records.
    ///
    /// @param from the offset of the record that was expected next
    /// @param to   the offset of the record that was read instead; not part of the range
    public record Gap(int partition, long from, long to) {}

    public void add(Gap gap) {
        if (gaps.size() < MOST) {
            gaps.add(gap);
        }
    }

    public List<Gap> take() {
        if (gaps.isEmpty()) {
            return List.of();
        }
        var taken = new ArrayList<Gap>();
        for (var gap = gaps.poll(); gap != null; gap = gaps.poll()) {
            taken.add(gap);
        }
        return taken;
    }
}
