package dev.flover.engine.kvcache;

/// The memory that the blocks of one or two kinds share. Blocks of the second kind hold the layers of a model that see
/// the last positions only, blocks of the first kind the other layers; so their sizes differ.
///
/// Memory is divided into slabs. A slab has room for a fixed number of blocks of one kind, whichever it belongs to at
/// that time, and for one of the two kinds that number is 1:
///
/// ```
///   slab 0 [ 0 ][ 1 ][ 2 ]     slab 1 [      1      ]     slab 2 [ 6 ][ 7 ][ 8 ]     the numbers of the blocks
///          first kind                 second kind                first kind
/// ```
///
/// A slab is pinned while one of its blocks has references, idle while none has, but some are in their kind's index,
/// and free otherwise. An idle slab is taken for other blocks when no slab is free, the one that became idle first
/// before the others.
public final class BlockMemory {
    private static final int NONE = -1;

    // The lists of slabs. Those from VACANT on, of pinned slabs, are numbered by kind.
    private static final int FREE = 0;
    private static final int IDLE = 1;
    /// With blocks that are neither referenced nor in the index.
    private static final int VACANT = 2;
    /// With blocks that are in the index and not referenced, and no others.
    private static final int CACHED = 4;
    private static final int FULL = 6;
    private static final int LISTS = 7;

    private final int slabs;
    private final BlockAllocator[] allocators = new BlockAllocator[2];

    // By slab
    private final int[] owners;
    private final int[] referenced;
    private final int[] cached;

    // The lists as doubly linked rings; entry `slabs + list` is the head of a list
    private final int[] older;
    private final int[] newer;
    private final int[] lengths = new int[LISTS];

    /// By kind: the blocks without references in pinned slabs.
    private final int[] partial = new int[2];

    public BlockMemory(int slabs) {
        this.slabs = slabs;
        owners = new int[slabs];
        referenced = new int[slabs];
        cached = new int[slabs];
        older = new int[slabs + LISTS];
        newer = new int[slabs + LISTS];
        for (int head = slabs; head < slabs + LISTS; head++) {
            older[head] = head;
            newer[head] = head;
        }
        for (int slab = slabs - 1; slab >= 0; slab--) {
            owners[slab] = NONE;
            enter(slab);
        }
    }

    public int slabs() {
        return slabs;
    }

    void add(BlockAllocator allocator, int kind) {
        allocators[kind] = allocator;
    }

    /// The number of slabs with referenced blocks.
    public int pinned() {
        return slabs - lengths[FREE] - lengths[IDLE];
    }

    /// Whether blocks of both kinds can be allocated, those first whose slabs have room for one.
    public boolean hasRoom(int first, int second) {
        return slabsFor(0, first) + slabsFor(1, second) <= lengths[FREE] + lengths[IDLE];
    }

    /// The number of blocks of a kind that can be allocated if none of the other kind is.
    int available(int kind) {
        return partial[kind] + (lengths[FREE] + lengths[IDLE]) * allocators[kind].perSlab;
    }

    private int slabsFor(int kind, int blocks) {
        int beyond = blocks - partial[kind];
        return beyond <= 0 ? 0 : Math.ceilDiv(beyond, allocators[kind].perSlab);
    }

    /// A slab in which a block of this kind has no references; the slab belongs to the kind from now on.
    int take(int kind) {
        if (lengths[VACANT + kind] > 0) {
            return older[slabs + VACANT + kind];
        }
        if (lengths[FREE] > 0) {
            return give(older[slabs + FREE], kind);
        }
        if (lengths[IDLE] > 0) {
            int slab = newer[slabs + IDLE];
            allocators[owners[slab]].evict(slab);
            return give(slab, kind);
        }
        return newer[slabs + CACHED + kind];
    }

    private int give(int slab, int kind) {
        leave(slab);
        owners[slab] = kind;
        cached[slab] = 0;
        enter(slab);
        return slab;
    }

    /// Counts references and entries of the index that a block of a slab gains or loses.
    ///
    /// @param references 1, 0 or -1: the change of the number of blocks with references
    /// @param entries    the change of the number of blocks that are in the index and have no references
    void change(int slab, int references, int entries) {
        leave(slab);
        referenced[slab] += references;
        cached[slab] += entries;
        enter(slab);
    }

    private int listOf(int slab) {
        if (referenced[slab] == 0) {
            return cached[slab] == 0 ? FREE : IDLE;
        }
        int unreferenced = allocators[owners[slab]].perSlab - referenced[slab];
        return unreferenced > cached[slab] ? VACANT + owners[slab] : unreferenced > 0 ? CACHED + owners[slab] : FULL;
    }

    private void leave(int slab) {
        count(slab, -1);
        newer[older[slab]] = newer[slab];
        older[newer[slab]] = older[slab];
    }

    private void enter(int slab) {
        count(slab, 1);
        int head = slabs + listOf(slab);
        int newest = older[head];
        older[slab] = newest;
        newer[slab] = head;
        newer[newest] = slab;
        older[head] = slab;
    }

    private void count(int slab, int sign) {
        lengths[listOf(slab)] += sign;
        if (referenced[slab] > 0) {
            int kind = owners[slab];
            partial[kind] += sign * (allocators[kind].perSlab - referenced[slab]);
        }
    }
}
