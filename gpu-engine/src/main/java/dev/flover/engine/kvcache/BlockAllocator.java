package dev.flover.engine.kvcache;

/// Allocates blocks of the KV cache by number, and counts the references to each block.
///
/// A released block whose content is in the prefix index stays there and can be reused, until its memory is needed for
/// other content; the block that was released first is evicted first. Release a sequence's blocks from the last to the
/// first, so that the ends of prefixes are evicted before their beginnings.
public final class BlockAllocator {
    private final PrefixIndex index;
    private final int[] references;
    private final int[] free;
    private int freeCount;

    // Blocks in the index without references: a doubly linked ring in the order of their release. Entry `blocks` is its
    // head.
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

    /// The number of blocks that [#allocate] can return.
    public int available() {
        return freeCount + cachedCount;
    }

    /// The number of blocks with references.
    public int used() {
        return references.length - available();
    }

    /// Allocates a block, with one reference and without content. At least one block must be available.
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

    /// Adds a reference to a block that already has some, or that is in the index.
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
