package dev.flover.engine.scheduling;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.kvcache.BlockMemory;
import dev.flover.engine.kvcache.PrefixIndex;
import org.jspecify.annotations.Nullable;

/// The blocks of the sequences: allocated when a sequence joins and as it grows, and shared among sequences with equal
/// prefixes.
///
/// Only full blocks are shared, and every sequence computes its last known position itself, because its next token is
/// drawn from there; so nothing is ever written to a shared block.
///
/// Where layers attend to the last positions only, blocks that no later row sees are released while their sequence
/// runs. Steps run in the order in which they are planned, so a step in flight may still read them. Where only some
/// layers have a window, their blocks are numbered apart, and a sequence has a second table for them. The blocks of
/// both tables share one memory:
///
/// ```
///   positions      0 ──────────────────────────────────────────► computed
///   blocks       [ 4 ][ 9 ][ 2 ][ 0 ][ 7 ][ 1 ][ 3 ][ 8 ]         layers that see all positions
///   windowed       -    -    -    -    -  [ 2 ][ 0 ][ 1 ]         layers that see the last ones only
/// ```
///
/// The prefix of another sequence can be shared up to a position if its blocks up to there are in the index of the
/// first table, and those that the next row sees in the index of the second.
final class SequenceBlocks {
    private final int blockTokens;
    private final int prefillChunk;
    private final boolean prefixCaching;
    private final int blocks;
    private final BlockMemory memory;
    private final BlockPool pool;
    private final @Nullable BlockPool windowed;
    private final boolean windowedLast;

    /// The result of claiming blocks for a waiting sequence.
    enum Claim {
        GRANTED,
        /// The step being planned fills a block that this sequence can share from the next step on.
        NOT_YET,
        NO_ROOM
    }

    /// @param readFrom as [CacheShape#READ_FROM]
    SequenceBlocks(EngineConfig config, Windows windows, int readFrom) {
        blockTokens = config.blockTokens();
        prefillChunk = config.prefillChunk();
        prefixCaching = config.prefixCaching();
        blocks = config.kvBlocks();
        var shape = windows.shape();
        memory = new BlockMemory(shape.slabsFor(blocks));
        pool = new BlockPool(memory, 0, shape.blocks(0), blockTokens, windows.ofAll(), readFrom);
        windowed = windows.ofSome() == 0 ? null
                : new BlockPool(memory, 1, shape.blocks(1), blockTokens, windows.ofSome(), readFrom);
        windowedLast = shape.blocks(1) > 1;
    }

    /// The part of the memory that is in use, as a number of blocks out of [EngineConfig#kvBlocks].
    int used() {
        return (int) Math.ceilDiv((long) memory.pinned() * blocks, memory.slabs());
    }

    /// The number of blocks with references, in the first and the second table together.
    int referenced() {
        return pool.used() + referencedWindowed();
    }

    /// The number of blocks with references in the second table.
    int referencedWindowed() {
        return windowed == null ? 0 : windowed.used();
    }

    /// Claims blocks for all known tokens of a waiting sequence; in layers with a second table, for the first chunk of
    /// them.
    ///
    /// @param plannedSteps the number of the newest planned step; blocks that are filled up to this step can be shared
    /// @param running      the number of running sequences; a block is left available for each of them, so that none is
    ///                     preempted immediately
    Claim claim(Sequence sequence, long plannedSteps, int running) {
        assert sequence.blocks.count == 0;
        if (!hasRoom(1 + running, 1 + running)) {
            return Claim.NO_ROOM; // every sequence needs a block of its own for its last known position
        }
        sequence.prepareToRun(blockTokens, windowed != null);
        long root = sequence.stretched ? PrefixIndex.STRETCHED_ROOT : PrefixIndex.ROOT;
        int shared = prefixCaching ? findShared(sequence, root) : 0;
        int firstSeen = windowed == null ? 0 : windowed.firstSeen(shared * blockTokens);
        if (pool.filledAfter(plannedSteps, sequence.blocks, 0, shared) || windowed != null
                && windowed.filledAfter(plannedSteps, sequence.windowed, firstSeen, shared)) {
            return Claim.NOT_YET;
        }
        boolean granted = take(sequence, shared, root, running)
                || running == 0 && shared > 0 && take(sequence, 0, root, running);
        return granted ? Claim.GRANTED : Claim.NO_ROOM;
    }

    /// Takes the shared blocks and allocates the others, or changes nothing if too few are available.
    ///
    /// Shared blocks may lie in slabs that have room for blocks of one table only. The only running sequence shares
    /// them only if it could still grow to its end. So it needs no more memory than there is while no other one joins.
    private boolean take(Sequence sequence, int shared, long root, int running) {
        int firstSeen = windowed == null ? 0 : windowed.firstSeen(shared * blockTokens);
        int total = Math.ceilDiv(sequence.length(), blockTokens);
        int first = Math.min(total, Math.ceilDiv(shared * blockTokens + prefillChunk, blockTokens));
        int revived = pool.unreferenced(sequence.blocks, 0, shared);
        int revivedWindowed = windowed == null ? 0 : windowed.unreferenced(sequence.windowed, firstSeen, shared);
        if (!hasRoom(total - shared + revived + running, first - shared + revivedWindowed + running)) {
            // Found without touching the shared blocks, so that these age as if nothing waited for them. With two
            // tables it is not found where the shared blocks lie in more slabs than they need.
            return false;
        }
        sequence.indexedBlocks = shared;
        sequence.indexedText = textBefore(sequence, shared, root);
        pool.share(sequence.blocks, 0, shared);
        if (windowed != null) {
            windowed.share(sequence.windowed, firstSeen, shared);
        }
        boolean canEnd = running > 0 || shared == 0 || canGrowToItsEnd(sequence);
        if (canEnd && hasRoom(total - shared + running, first - shared + running)) {
            extend(sequence, total, first);
            return true;
        }
        releaseBlocks(sequence);
        return false;
    }

    private boolean canGrowToItsEnd(Sequence sequence) {
        int most = Math.ceilDiv(sequence.mostTokens - 1, blockTokens);
        int missing = most - sequence.blocks.count;
        return memory.hasRoomInAnyOrder(missing, windowed == null ? 0 : most - sequence.windowed.count);
    }

    /// Whether as many blocks are available for the first table and for the second.
    private boolean hasRoom(int needed, int neededWindowed) {
        return memory.hasRoom(Math.max(0, needed), windowed == null ? 0 : Math.max(0, neededWindowed));
    }

    /// Allocates blocks up to entry `to` of the first table and entry `toWindowed` of the second. The table with one
    /// block in a slab comes first, as [BlockMemory#hasRoom] demands: blocks of the other one can use places in pinned
    /// slabs.
    private void extend(Sequence sequence, int to, int toWindowed) {
        if (windowedLast) {
            pool.extend(sequence.blocks, to);
        }
        if (windowed != null) {
            windowed.extend(sequence.windowed, toWindowed);
        }
        pool.extend(sequence.blocks, to);
    }

    /// The number of leading blocks of a sequence that can be shared, which are then in its tables.
    private int findShared(Sequence sequence, long root) {
        int shareable = sequence.shareablePositions() / blockTokens;
        int shared = 0;
        long text = root;
        while (shared < shareable) {
            int block = pool.prefixes.find(text, sequence.tokens(), shared * blockTokens);
            if (block == PrefixIndex.NONE) {
                break;
            }
            sequence.blocks.blocks[shared++] = block;
            text = pool.prefixes.serial(block);
        }
        return windowed == null ? shared : findWindowed(windowed, sequence, shared, root);
    }

    /// The largest number of blocks, at most `shared`, after which all blocks that the next row sees are in the index.
    private int findWindowed(BlockPool windowed, Sequence sequence, int shared, long root) {
        int most = shared;
        for (int i = most - 1; i >= windowed.firstSeen(most * blockTokens); i--) {
            int block = windowed.prefixes.find(textBefore(sequence, i, root), sequence.tokens(), i * blockTokens);
            sequence.windowed.blocks[i] = block;
            if (block == PrefixIndex.NONE) {
                most = i;
            }
        }
        return most;
    }

    /// The serial number of the text before a block, where the blocks before it are in the index of the first table.
    private long textBefore(Sequence sequence, int block, long root) {
        return block == 0 ? root : pool.prefixes.serial(sequence.blocks.blocks[block - 1]);
    }

    /// Whether the sequence has blocks for its next chunk of known tokens, or for its next position; allocates them if
    /// needed and available.
    boolean grow(Sequence sequence) {
        int rows = sequence.prefilling() ? Math.min(prefillChunk, sequence.prefillEnd - sequence.computed()) : 1;
        int count = Math.ceilDiv(sequence.computed() + rows, blockTokens);
        int missing = Math.max(0, count - sequence.blocks.count);
        int missingWindowed = windowed == null ? 0 : Math.max(0, count - sequence.windowed.count);
        if (!memory.hasRoom(missing, missingWindowed)) {
            return false;
        }
        extend(sequence, count, count);
        return true;
    }

    /// Tells the backend of the blocks that the sequence got since the last call.
    void announce(Sequence sequence, int slot, StepPlan plan) {
        announce(0, sequence.blocks, slot, plan);
        if (windowed != null) {
            announce(1, sequence.windowed, slot, plan);
        }
    }

    private static void announce(int number, BlockTable table, int slot, StepPlan plan) {
        for (; table.announced < table.count; table.announced++) {
            plan.setBlock(number, slot, table.announced, table.blocks[table.announced]);
        }
    }

    /// Adds the sequence's blocks that are full of known tokens to the prefix index, so that other sequences can share
    /// them.
    ///
    /// @param step the number of the newest step that computes any of these blocks
    void index(Sequence sequence, long step) {
        if (!prefixCaching) {
            return;
        }
        int full = Math.min(sequence.computed(), sequence.length()) / blockTokens;
        for (int i = sequence.indexedBlocks; i < full; i++) {
            if (windowed != null) {
                index(windowed, sequence.windowed, sequence, i, step);
            }
            sequence.indexedText = pool.prefixes.serial(index(pool, sequence.blocks, sequence, i, step));
            sequence.indexedBlocks = i + 1;
        }
    }

    /// The block of the index for the text of a sequence's first block that is not known to be in the index: the
    /// sequence's own, which is added, unless there is one.
    private int index(BlockPool pool, BlockTable table, Sequence sequence, int entry, long step) {
        int from = entry * blockTokens;
        int block = pool.prefixes.find(sequence.indexedText, sequence.tokens(), from);
        if (block == PrefixIndex.NONE) {
            block = table.blocks[entry];
            pool.prefixes.add(block, sequence.indexedText, sequence.tokens(), from, step);
        }
        return block;
    }

    /// Releases the blocks that no row sees from the next position on, except those that have yet to be indexed. To be
    /// called before rows of the step being planned are given to the sequence, as another sequence may fill these
    /// blocks in this step.
    void releasePassed(Sequence sequence) {
        int most = prefixCaching ? sequence.indexedBlocks : Integer.MAX_VALUE;
        pool.releasePassed(sequence.blocks, sequence.computed(), most);
        if (windowed != null) {
            windowed.releasePassed(sequence.windowed, sequence.computed(), most);
        }
    }

    void release(Sequence sequence) {
        releaseBlocks(sequence);
        sequence.prefillEnd = 0;
    }

    private void releaseBlocks(Sequence sequence) {
        pool.release(sequence.blocks);
        if (windowed != null) {
            windowed.release(sequence.windowed);
        }
    }
}
