package dev.flover.engine.kvcache;

/// Hands out block numbers and counts who refers to them.
///
/// A released block that the index knows stays there, and can be found again, until its memory is needed; the one
/// released longest ago is evicted first. Release a sequence's blocks from its last to its first, so that the ends of
/// prefixes go before their beginnings.
public final class BlockAllocator {
    private final PrefixIndex index;
    private final int[] references;
    private final int[] free;
    private int freeCount;

    // Unreferenced blocks in the index: a ring in order of release. Entry `blocks` is its head.
    private final int[] older;
    private final int[] newer;
    private final int head;
    private int cachedCount;

    public BlockAllocator(int blocks, PrefixIndex index) {
        this.index = index;
        references = new int[blocks];
        free = new int[blocks];
        for (int i = 0; i < blocks; i++) {
            free[i] = blocks - 1 - i;
        }
        freeCount = blocks;
        older = new int[blocks + 1];
        newer = new int[blocks + 1];
        head = blocks;
        older[head] = head;
        newer[head] = head;
    }

    /// Blocks that [#allocate] can still hand out.
    public int available() {
        return freeCount + cachedCount;
    }

    /// Blocks that somebody refers to.
    public int used() {
        return references.length - available();
    }

    /// A block with one reference and no content. There must be one available.
    public int allocate() {
        assert available() > 0;
        int block;
        if (freeCount > 0) {
            block = free[--freeCount];
        } else {
            block = newer[head];
            uncache(block);
            index.remove(block);
        }
        assert references[block] == 0;
        references[block] = 1;
        return block;
    }

    /// Adds a reference to a block that has some, or that the index knows.
    public void retain(int block) {
        if (references[block] == 0) {
            uncache(block);
        }
        references[block]++;
    }

    public void release(int block) {
        assert references[block] > 0;
        if (--references[block] > 0) {
            return;
        }
        if (index.contains(block)) {
            cache(block);
        } else {
            free[freeCount++] = block;
        }
    }

    public boolean referenced(int block) {
        return references[block] > 0;
    }

    private void cache(int block) {
        int newest = older[head];
        older[block] = newest;
        newer[block] = head;
        newer[newest] = block;
        older[head] = block;
        cachedCount++;
    }

    private void uncache(int block) {
        newer[older[block]] = newer[block];
        older[newer[block]] = older[block];
        cachedCount--;
    }
}
