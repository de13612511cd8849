package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.cpu.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/// A piece of work whose result is a rectangle of a tensor. The result is computed directly in the tensor, or in
/// scratch memory from which it is then copied or added to the tensor.
abstract class TensorPiece implements Workers.Piece {
    private final Kernels kernels;
    private MemorySegment aside = MemorySegment.NULL;

    // The rectangle of the tensor, which [#note] sets; `asideStride` is the stride in scratch memory
    long place;
    int placeStride;
    int asideStride;
    int rows;
    int width;
    boolean accumulate;

    // Where [#compute] writes: the tensor or scratch memory
    long out;
    int stride;
    boolean add;

    TensorPiece(Kernels kernels) {
        this.kernels = kernels;
    }

    /// Makes the scratch memory large enough for a result of this many floats.
    final void reserve(SegmentAllocator memory, long floats) {
        aside = reserved(memory, aside, floats * Float.BYTES);
    }

    /// Returns `held` if it has at least `bytes` bytes, otherwise new memory of at least twice its size. An arena keeps
    /// the memory that it has given out; by doubling, all that is kept is at most as much as the last piece.
    static MemorySegment reserved(SegmentAllocator memory, MemorySegment held, long bytes) {
        return held.byteSize() >= bytes ? held : memory.allocate(Math.max(bytes, 2 * held.byteSize()));
    }

    /// Copies the tile's parameters into fields, so that the tile can be computed while the owner runs another job.
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
