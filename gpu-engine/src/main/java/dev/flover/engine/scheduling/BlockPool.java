package dev.flover.engine.scheduling;

import dev.flover.engine.kvcache.BlockAllocator;
import dev.flover.engine.kvcache.BlockMemory;
import dev.flover.engine.kvcache.PrefixIndex;

/// The blocks to which one block table of every sequence refers.
final class BlockPool {
    private final int blockTokens;
    private final int window;
    private final int readFrom;
    private final BlockAllocator allocator;
    final PrefixIndex prefixes;

    /// @param kind     which of the two block tables of a sequence, 0 or 1
    /// @param perSlab  the number of this pool's blocks in a slab of the memory
    /// @param window   the most positions that a row sees in the layers of this pool, its own included; 0 for all
    /// @param readFrom as [dev.flover.engine.backend.Backend.CacheShape#READ_FROM]
    BlockPool(BlockMemory memory, int kind, int perSlab, int blockTokens, int window, int readFrom) {
        this.blockTokens = blockTokens;
        this.window = window;
        this.readFrom = readFrom;
        prefixes = new PrefixIndex(memory.slabs() * perSlab, blockTokens);
        allocator = new BlockAllocator(memory, kind, perSlab, prefixes);
    }

    int used() {
        return allocator.used();
    }

    /// The first block that a row at this position, or a later one, may read.
    int firstSeen(int position) {
        return window == 0 ? 0 : Math.max(0, position + 1 - window) / readFrom * readFrom / blockTokens;
    }

    /// Whether a step after `step` fills a block of these entries, which are in the index.
    boolean filledAfter(long step, BlockTable table, int from, int to) {
        for (int i = from; i < to; i++) {
            if (prefixes.filledBy(table.blocks[i]) > step) {
                return true;
            }
        }
        return false;
    }

    /// The number of these entries' blocks that have no references; the blocks are in the index.
    int unreferenced(BlockTable table, int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            count += allocator.isReferenced(table.blocks[i]) ? 0 : 1;
        }
        return count;
    }

    /// Begins a table with entries whose blocks are in the index, and keeps these blocks there.
    void share(BlockTable table, int from, int to) {
        for (int i = from; i < to; i++) {
            allocator.retain(table.blocks[i]);
        }
        table.begin(from, to);
    }

    /// Allocates blocks up to entry `to`.
    void extend(BlockTable table, int to) {
        while (table.count < to) {
            table.blocks[table.count++] = allocator.allocate();
        }
    }

    /// Releases the blocks of the entries that no row sees from a position on, up to entry `most`.
    void releasePassed(BlockTable table, int position, int most) {
        int passed = Math.min(firstSeen(position), most);
        for (; table.passed < passed; table.passed++) {
            allocator.release(table.blocks[table.passed]);
        }
    }

    void release(BlockTable table) {
        for (int i = table.count - 1; i >= table.passed; i--) {
            allocator.release(table.blocks[i]);
        }
        table.clear();
    }
}
