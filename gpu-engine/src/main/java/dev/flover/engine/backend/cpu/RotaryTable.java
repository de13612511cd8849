package dev.flover.engine.backend.cpu;

import dev.flover.engine.model.ModelConfig.Rotary;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/// Cosines and sines of every position seen so far, times the rotary magnitude.
final class RotaryTable {
    /// Positions filled together: rarely, as [StrictMath] allocates, and never for long.
    private static final int GROWTH = 256;

    final Rotary rotary;
    private final int pairs;
    private final double[] frequencies;
    private final int positions;
    private final MemorySegment cosines;
    private final MemorySegment sines;
    private int filled;

    RotaryTable(Rotary rotary, int positions, SegmentAllocator memory) {
        this.rotary = rotary;
        this.positions = positions;
        pairs = rotary.dims() / 2;
        frequencies = rotary.frequencies().stream().mapToDouble(Double::doubleValue).toArray();
        cosines = memory.allocate(4L * positions * pairs);
        sines = memory.allocate(4L * positions * pairs);
    }

    /// Makes positions up to `last` readable.
    void reach(int last) {
        if (last < filled) {
            return;
        }
        int end = Math.min(positions, (last / GROWTH + 1) * GROWTH);
        for (long position = filled; position < end; position++) {
            for (int pair = 0; pair < pairs; pair++) {
                double angle = position * frequencies[pair];
                long at = 4 * (position * pairs + pair);
                cosines.set(ValueLayout.JAVA_FLOAT, at, (float) (StrictMath.cos(angle) * rotary.magnitude()));
                sines.set(ValueLayout.JAVA_FLOAT, at, (float) (StrictMath.sin(angle) * rotary.magnitude()));
            }
        }
        filled = end;
    }

    long cosines(int position) {
        return cosines.address() + 4L * position * pairs;
    }

    long sines(int position) {
        return sines.address() + 4L * position * pairs;
    }
}
