package dev.flover.engine.backend.cpu;

import dev.flover.engine.model.ModelConfig.Rotary;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/// Cosines and sines of every rotary position used so far, multiplied by the rotary magnitude. Negative positions come
/// before position 0: they stand for the first positions of long sequences in models that rotate those differently.
final class RotaryTable {
    /// How many positions are filled at a time. Filling allocates, as [StrictMath] does, but happens rarely and takes
    /// little time.
    private static final int GROWTH = 256;

    final Rotary rotary;
    private final int pairs;
    private final int before;
    private final int positions;
    private final MemorySegment cosines;
    private final MemorySegment sines;
    private int filled;
    private boolean filledBefore;

    RotaryTable(Rotary rotary, int positions, SegmentAllocator memory) {
        this.rotary = rotary;
        this.positions = positions;
        pairs = rotary.dims() / 2;
        before = rotary.ambiguousPositions();
        cosines = memory.allocate(4L * (before + positions) * pairs);
        sines = memory.allocate(4L * (before + positions) * pairs);
    }

    /// Fills the table for `turn` and all positions below it, if they are not filled yet.
    void reach(int turn) {
        if (turn < 0 && !filledBefore) {
            fill(-before, 0);
            filledBefore = true;
        } else if (turn >= filled) {
            int end = Math.min(positions, (turn / GROWTH + 1) * GROWTH);
            fill(filled, end);
            filled = end;
        }
    }

    private void fill(int from, int end) {
        for (int turn = from; turn < end; turn++) {
            for (int pair = 0; pair < pairs; pair++) {
                double angle = rotary.angle(turn, pair);
                long at = at(turn) + 4L * pair;
                cosines.set(ValueLayout.JAVA_FLOAT, at, (float) (StrictMath.cos(angle) * rotary.magnitude()));
                sines.set(ValueLayout.JAVA_FLOAT, at, (float) (StrictMath.sin(angle) * rotary.magnitude()));
            }
        }
    }

    private long at(int turn) {
        return 4L * (before + turn) * pairs;
    }

    long cosines(int turn) {
        return cosines.address() + at(turn);
    }

    long sines(int turn) {
        return sines.address() + at(turn);
    }
}
