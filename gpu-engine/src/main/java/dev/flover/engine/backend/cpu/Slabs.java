package dev.flover.engine.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/// Zeroed memory in huge pages: pieces lie one after another in large mappings, since a mapping of its own for each
/// would leave most of a small matrix in small pages.
///
/// A mapping takes no room before it is touched, and is released with the arena. For one thread at a time.
final class Slabs implements SegmentAllocator {
    private static final long SLAB_BYTES = 64L << 20;
    /// The kernels' widest load, and a line of the caches.
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
