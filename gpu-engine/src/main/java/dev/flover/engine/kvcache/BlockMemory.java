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
/// before the others. A pinned slab is vacant if one of its blocks is neither referenced nor in the index, cached if
/// the others are all in the index, and otherwise full.
public final class BlockMemory {
    // The use of a slab: its kind, the number of its blocks that are in the index and not referenced, and the number of
    // its referenced blocks, from the lowest bits on. It is one int, because a step has to fetch it from memory.
    private static final int ONE_CACHED = 2;
    private static final int ONE_REFERENCED = 1 << 16;

    // The states of a slab. Those from VACANT on, of pinned slabs, are numbered by kind.
    private static final int FREE = 0;
    private static final int FULL = 1;
    private static final int IDLE = 2;
    private static final int VACANT = 3;
    private static final int CACHED = 5;
    private static final int STATES = 7;

    private final int slabs;
    private final BlockAllocator[] allocators = new BlockAllocator[2];

    private final int[] perSlab = new int[2];

    /// By slab.
    private final int[] uses;

    // The free slabs, as a stack
    private final int[] free;
    private int freeCount;

    // The slabs in each of the states from IDLE on, as doubly linked rings; entry `slabs + state` is the head of a ring
    private final int[] older;
    private final int[] newer;
    private int idleCount;

    /// By kind: the blocks without references in pinned slabs, and those of them that are not in the index.
    private final int[] partial = new int[2];
    private final int[] vacant = new int[2];

    public BlockMemory(int slabs) {
        this.slabs = slabs;
        uses = new int[slabs];
        free = new int[slabs];
        for (int slab = slabs - 1; slab >= 0; slab--) {
            free[freeCount++] = slab;
        }
        older = new int[slabs + STATES];
        newer = new int[slabs + STATES];
        for (int head = slabs + IDLE; head < slabs + STATES; head++) {
            older[head] = head;
            newer[head] = head;
        }
    }

    public int slabs() {
        return slabs;
    }

    void add(BlockAllocator allocator, int kind) {
        assert allocator.perSlab < ONE_REFERENCED / ONE_CACHED;
        allocators[kind] = allocator;
        perSlab[kind] = allocator.perSlab;
    }

    /// The number of slabs with referenced blocks.
    public int pinned() {
        return slabs - freeCount - idleCount;
    }

    /// Whether blocks of both kinds can be allocated, those first whose slabs have room for one: the others can also
    /// use places in pinned slabs.
    public boolean hasRoom(int first, int second) {
        int slabs = freeCount + idleCount;
        return first + second <= slabs // a block never takes more than one slab
                || slabsBeyond(0, first - partial[0]) + slabsBeyond(1, second - partial[1]) <= slabs;
    }

    /// Whether blocks of both kinds can be allocated one by one, in any order, if nobody else allocates any. The place
    /// of a block of the index in a pinned slab does not count, because it is used only when no slab is left, and then
    /// none is left for the other kind.
    public boolean hasRoomInAnyOrder(int first, int second) {
        return slabsBeyond(0, first - vacant[0]) + slabsBeyond(1, second - vacant[1]) <= freeCount + idleCount;
    }

    /// The number of blocks of a kind that can be allocated if none of the other kind is.
    int available(int kind) {
        return partial[kind] + (freeCount + idleCount) * perSlab[kind];
    }

    /// The number of slabs for this number of blocks, which may be negative.
    private int slabsBeyond(int kind, int blocks) {
        return blocks <= 0 ? 0 : Math.ceilDiv(blocks, perSlab[kind]);
    }

    /// A slab in which a block of this kind has no references; the slab belongs to the kind from now on.
    int take(int kind) {
        int vacant = older[slabs + VACANT + kind];
        if (vacant < slabs) {
            return vacant;
        }
        if (freeCount == 0 && idleCount == 0) {
            return newer[slabs + CACHED + kind];
        }
        if (freeCount == 0) {
            evict(newer[slabs + IDLE]);
        }
        int slab = free[freeCount - 1];
        uses[slab] = kind;
        return slab;
    }

    private void evict(int slab) {
        allocators[kindOf(uses[slab])].evict(slab);
        change(slab, 0, -cached(uses[slab]));
    }

    /// Whether no block of a slab is referenced or in the index.
    boolean isFree(int slab) {
        return uses[slab] < ONE_CACHED;
    }

    /// Counts references and entries of the index that a block of a slab gains or loses. Of the free slabs, only the
    /// one that [#take] returned may change.
    ///
    /// @param references 1, 0 or -1: the change of the number of blocks with references
    /// @param entries    the change of the number of blocks that are in the index and have no references
    void change(int slab, int references, int entries) {
        int use = uses[slab];
        leave(slab, use);
        use += references * ONE_REFERENCED + entries * ONE_CACHED;
        enter(slab, use);
        uses[slab] = use;
    }

    private static int kindOf(int use) {
        return use & 1;
    }

    private static int cached(int use) {
        return use % ONE_REFERENCED / ONE_CACHED;
    }

    private int unreferenced(int use) {
        return perSlab[kindOf(use)] - use / ONE_REFERENCED;
    }

    private int stateOf(int use) {
        if (use < ONE_REFERENCED) {
            return use < ONE_CACHED ? FREE : IDLE;
        }
        int unreferenced = unreferenced(use);
        return unreferenced == 0 ? FULL : (unreferenced > cached(use) ? VACANT : CACHED) + kindOf(use);
    }

    private void leave(int slab, int use) {
        int state = stateOf(use);
        switch (state) {
            case FREE -> {
                freeCount--;
                assert free[freeCount] == slab;
            }
            case FULL -> { }
            case IDLE -> {
                idleCount--;
                unlink(slab);
            }
            default -> {
                countUnreferenced(use, -1);
                unlink(slab);
            }
        }
    }

    private void enter(int slab, int use) {
        int state = stateOf(use);
        switch (state) {
            case FREE -> free[freeCount++] = slab;
            case FULL -> { }
            case IDLE -> {
                idleCount++;
                link(slab, state);
            }
            default -> {
                countUnreferenced(use, 1);
                link(slab, state);
            }
        }
    }

    private void countUnreferenced(int use, int sign) {
        int count = unreferenced(use);
        partial[kindOf(use)] += sign * count;
        vacant[kindOf(use)] += sign * (count - cached(use));
    }

    private void unlink(int slab) {
        newer[older[slab]] = newer[slab];
        older[newer[slab]] = older[slab];
    }

    private void link(int slab, int state) {
        int head = slabs + state;
        int newest = older[head];
        older[slab] = newest;
        newer[slab] = head;
        newer[newest] = slab;
        older[head] = slab;
    }
}
