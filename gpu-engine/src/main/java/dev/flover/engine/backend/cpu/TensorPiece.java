package dev.flover.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/// A piece whose result is a rectangle of a tensor: computed there, or aside and then copied or added.
abstract class TensorPiece implements Workers.Piece {
    private final Kernels kernels;
    private MemorySegment aside = MemorySegment.NULL;

    // The rectangle, noted by the tile
    long place;
    int placeStride;
    int asideStride;
    int rows;
    int width;
    boolean accumulate;

    // Where it is computed
    long out;
    int stride;
    boolean add;

    TensorPiece(Kernels kernels) {
        this.kernels = kernels;
    }

    /// Makes room for a result of so many floats.
    final void reserve(SegmentAllocator memory, long floats) {
        aside = reserved(memory, aside, floats * Float.BYTES);
    }

    /// What is held if it is large enough, else new memory.
    static MemorySegment reserved(SegmentAllocator memory, MemorySegment held, long bytes) {
        return held.byteSize() >= bytes ? held : memory.allocate(bytes);
    }

    /// Notes what the tile needs, so that it can be computed when the job is at another.
    abstract void note(int tile);

    @Override
    public final void run(int tile) {
        note(tile);
        out = place;
        stride = placeStride;
        add = accumulate;
        compute();
    }

    @Override
    public final void prepare(int tile) {
        note(tile);
        out = aside.address();
        stride = asideStride;
        add = false;
    }

    @Override
    public final void publish() {
        kernels.put(place, placeStride, out, stride, rows, width, accumulate);
    }
}
