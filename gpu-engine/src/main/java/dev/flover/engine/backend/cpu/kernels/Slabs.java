package dev.flover.engine.backend.cpu.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/// An allocator of zeroed memory in huge pages. Pieces lie one after another in large mappings, since with a mapping
/// for each piece most of a small matrix would lie in small pages.
///
/// Physical memory is used only for pages that have been touched. All memory is released with the arena. For use by one
/// thread at a time.
final class Slabs implements SegmentAllocator {
    private static final long SLAB_BYTES = 64L << 20;
    /// Bytes of the kernels' widest load, and of a cache line.
    private static final long ALIGNMENT = 64;

    private final NativeLibrary library;
    private final Arena arena;
    private MemorySegment slab = MemorySegment.NULL;
    private long used;

    Slabs(NativeLibrary library, Arena arena) {
        this.library = library;
        this.arena = arena;
    }

    @Override
    public MemorySegment allocate(long bytes, long alignment) {
        assert alignment <= ALIGNMENT;
        if (bytes > SLAB_BYTES / 2) {
            return library.map(bytes, arena);
        }
        if (used + bytes > slab.byteSize()) {
            slab = library.map(SLAB_BYTES, arena);
            used = 0;
        }
        var piece = slab.asSlice(used, bytes);
        used = (used + bytes + ALIGNMENT - 1) & -ALIGNMENT;
        return piece;
    }
}
