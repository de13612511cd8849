package dev.flover.topology.position;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Ranges of offsets without records that were met while a partition was read: transaction markers, or records that
/// retention deleted before they were read. The stream thread adds to them; a thread that may ask the broker takes
/// them.
public final class UnreadGaps {
    private static final int MOST = 1000;

    private final Queue<Gap> gaps = new ConcurrentLinkedQueue<>();

    /// @param from offset that was expected
    /// @param to   offset that came
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
