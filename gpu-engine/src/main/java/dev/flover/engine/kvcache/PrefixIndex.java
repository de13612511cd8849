package dev.flover.engine.kvcache;

import java.util.Arrays;

/// Finds full blocks by their content: their own token ids and all tokens before them.
///
/// Each entry has a serial number, which is never used again, and holds the serial number of its parent, the entry for
/// the block before. So a chain of entries from the [#ROOT] stands for one exact sequence of tokens: an entry matches
/// only if its own token ids are equal, one by one, and its parent is the entry that matched before. The hash only
/// finds candidates.
///
/// Stored as a hash table of block numbers with open addressing and linear probing, at most half full; deletion shifts
/// later entries back.
public final class PrefixIndex {
    /// The parent of the first block of a sequence.
    public static final long ROOT = 0;

    /// The parent of the first block of a sequence with stretched positions, where the same token ids have other keys.
    public static final long STRETCHED_ROOT = -1;

    /// The result if there is no block.
    public static final int NONE = -1;

    private final int blockTokens;
    private final int[] table;
    private final long[] hashes;
    private final long[] serials;
    private final long[] parents;
    private final long[] filledBy;
    private final int[] tokens;
    private long lastSerial = ROOT;

    public PrefixIndex(int blocks, int blockTokens) {
        this.blockTokens = blockTokens;
        table = new int[Integer.highestOneBit(blocks) * 4];
        Arrays.fill(table, NONE);
        hashes = new long[blocks];
        serials = new long[blocks];
        parents = new long[blocks];
        filledBy = new long[blocks];
        tokens = new int[Math.multiplyExact(blocks, blockTokens)];
    }

    /// The block that holds the token ids from `ids[from]` on and follows the block with the serial number `parent`;
    /// [#NONE] if there is none.
    public int find(long parent, int[] ids, int from) {
        long hash = hash(parent, ids, from);
        int mask = table.length - 1;
        for (int place = place(hash); table[place] != NONE; place = place + 1 & mask) {
            int block = table[place];
            if (hashes[block] == hash && parents[block] == parent && holds(block, ids, from)) {
                return block;
            }
        }
        return NONE;
    }

    /// Adds a block that [#find] does not find.
    ///
    /// @param step the number of the step that fills the block; later steps may read it
    public void add(int block, long parent, int[] ids, int from, long step) {
        assert !contains(block) && find(parent, ids, from) == NONE;
        System.arraycopy(ids, from, tokens, block * blockTokens, blockTokens);
        hashes[block] = hash(parent, ids, from);
        parents[block] = parent;
        serials[block] = ++lastSerial;
        filledBy[block] = step;
        int mask = table.length - 1;
        int place = place(hashes[block]);
        while (table[place] != NONE) {
            place = place + 1 & mask;
        }
        table[place] = block;
    }

    public boolean contains(int block) {
        return serials[block] != ROOT;
    }

    /// The serial number of a block in the index, which identifies all tokens up to the block's end.
    public long serial(int block) {
        assert contains(block);
        return serials[block];
    }

    /// The number of the step that fills the block.
    public long filledBy(int block) {
        assert contains(block);
        return filledBy[block];
    }

    /// Removes a block, because its memory gets other content. Entries that follow it are no longer found.
    public void remove(int block) {
        assert contains(block);
        int mask = table.length - 1;
        int hole = place(hashes[block]);
        while (table[hole] != block) {
            hole = hole + 1 & mask;
        }
        table[hole] = NONE;
        serials[block] = ROOT;
        for (int place = hole + 1 & mask; table[place] != NONE; place = place + 1 & mask) {
            int home = place(hashes[table[place]]);
            if ((place - home & mask) >= (place - hole & mask)) {
                table[hole] = table[place];
                table[place] = NONE;
                hole = place;
            }
        }
    }

    private boolean holds(int block, int[] ids, int from) {
        int first = block * blockTokens;
        return Arrays.equals(tokens, first, first + blockTokens, ids, from, from + blockTokens);
    }

    private int place(long hash) {
        return (int) (hash >>> 32) & table.length - 1;
    }

    private long hash(long parent, int[] ids, int from) {
        long hash = parent * 0x9E3779B97F4A7C15L;
        for (int i = from; i < from + blockTokens; i++) {
            hash = (hash ^ ids[i]) * 0xD6E8FEB86659FD93L;
            hash ^= hash >>> 32;
        }
        return hash * 0x9E3779B97F4A7C15L;
    }
}
