package dev.flover.engine.kvcache;

/// Allocates blocks of one kind by number, and counts the references to each block.
///
/// A released block whose content is in the prefix index stays there and can be reused, until its memory is needed for
/// other content. The slab whose last reference was released first is evicted first. Release the blocks of a sequence
/// that ends from the last to the first, so that the ends of prefixes are evicted before their beginnings.
public final class BlockAllocator {
    private final BlockMemory memory;
    private final int kind;
    private final PrefixIndex index;
    private final int[] references;
    private int used;

    /// Blocks of a slab: those of slab `n` have the numbers from `n * perSlab` on.
    final int perSlab;

    /// An allocator with a memory of its own.
    public BlockAllocator(int blocks, PrefixIndex index) {
        this(new BlockMemory(blocks), 0, 1, index);
    }

    /// @param kind    0 or 1, another one than that of the other allocator with the same memory
    /// @param perSlab the number of blocks in a slab; 1 if that of the other allocator is not
    /// @param index   finds blocks of this allocator
    public BlockAllocator(BlockMemory memory, int kind, int perSlab, PrefixIndex index) {
        this.memory = memory;
        this.kind = kind;
        this.perSlab = perSlab;
        this.index = index;
        references = new int[Math.multiplyExact(memory.slabs(), perSlab)];
        memory.add(this, kind);
    }

    /// The number of blocks that [#allocate] can return.
    public int available() {
        return memory.available(kind);
    }

    /// The number of blocks with references.
    public int used() {
        return used;
    }

    /// Allocates a block, with one reference and without content. At least one block must be available.
    public int allocate() {
        assert available() > 0;
        int slab = memory.take(kind);
        int block = memory.isFree(slab) ? slab * perSlab : unreferenced(slab, false);
        int entries = 0;
        if (block == PrefixIndex.NONE) {
            block = unreferenced(slab, true);
            index.remove(block);
            entries = -1;
        }
        memory.change(slab, 1, entries);
        references[block] = 1;
        used++;
        return block;
    }

    /// A block of the slab without references; [PrefixIndex#NONE] if there is none.
    ///
    /// @param indexed whether it is in the index
    private int unreferenced(int slab, boolean indexed) {
        for (int block = slab * perSlab; block < (slab + 1) * perSlab; block++) {
            if (references[block] == 0 && index.contains(block) == indexed) {
                return block;
            }
        }
        return PrefixIndex.NONE;
    }

    /// Adds a reference to a block that already has some, or that is in the index.
    public void retain(int block) {
        if (references[block]++ == 0) {
            memory.change(block / perSlab, 1, -1);
            used++;
        }
    }

    public void release(int block) {
        assert references[block] > 0;
        if (--references[block] == 0) {
            memory.change(block / perSlab, -1, index.contains(block) ? 1 : 0);
            used--;
        }
    }

    public boolean isReferenced(int block) {
        return references[block] > 0;
    }

    /// Removes all blocks of a slab from the index. None of them has references.
    void evict(int slab) {
        for (int block = slab * perSlab; block < (slab + 1) * perSlab; block++) {
            if (index.contains(block)) {
                index.remove(block);
            }
        }
    }
}
