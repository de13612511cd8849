package dev.flover.engine.scheduling;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.kvcache.BlockAllocator;
import dev.flover.engine.kvcache.PrefixIndex;

/// The blocks of the sequences: allocated when a sequence joins and as it grows, and shared among sequences with equal
/// prefixes.
///
/// Only full blocks are shared, and every sequence computes its last known position itself, because its next token is
/// drawn from there; so nothing is ever written to a shared block.
///
/// If all layers attend to the last positions only, blocks that no later row sees are released while their sequence
/// runs. Steps run in the order in which they are planned, so a step in flight may still read them.
final class SequenceBlocks {
    private final int blockTokens;
    private final int window;
    private final int readFrom;
    private final boolean prefixCaching;
    private final PrefixIndex prefixes;
    private final BlockAllocator allocator;

    /// The result of claiming blocks for a waiting sequence.
    enum Claim {
        GRANTED,
        /// The step being planned fills a block that this sequence can share from the next step on.
        NOT_YET,
        NO_ROOM
    }

    /// @param window   the most positions that a row sees in any layer, its own included; 0 for all
    /// @param readFrom as [CacheShape#READ_FROM]
    SequenceBlocks(EngineConfig config, int window, int readFrom) {
        this.window = window;
        this.readFrom = readFrom;
        blockTokens = config.blockTokens();
        prefixCaching = config.prefixCaching();
        prefixes = new PrefixIndex(config.kvBlocks(), blockTokens);
        allocator = new BlockAllocator(config.kvBlocks(), prefixes);
    }

    int used() {
        return allocator.used();
    }

    /// Claims blocks for all known tokens of a waiting sequence.
    ///
    /// @param plannedSteps the number of the newest planned step; blocks that are filled up to this step can be shared
    /// @param spare        the number of blocks to leave available
    Claim claim(Sequence sequence, long plannedSteps, int spare) {
        assert sequence.blockCount == 0;
        sequence.prepareToRun(blockTokens);
        int shareable = prefixCaching ? sequence.shareablePositions() / blockTokens : 0;
        long text = sequence.stretched ? PrefixIndex.STRETCHED_ROOT : PrefixIndex.ROOT;
        int shared = 0;
        int revived = 0;
        for (; shared < shareable; shared++) {
            int block = prefixes.find(text, sequence.tokens(), shared * blockTokens);
            if (block == PrefixIndex.NONE) {
                break;
            }
            if (prefixes.filledBy(block) > plannedSteps) {
                return Claim.NOT_YET;
            }
            revived += allocator.referenced(block) ? 0 : 1;
            sequence.blocks[shared] = block;
            text = prefixes.serial(block);
        }
        int total = Math.ceilDiv(sequence.length(), blockTokens);
        if (total - shared + revived + spare > allocator.available()) {
            return Claim.NO_ROOM;
        }
        for (int i = 0; i < shared; i++) {
            allocator.retain(sequence.blocks[i]);
        }
        for (int i = shared; i < total; i++) {
            sequence.blocks[i] = allocator.allocate();
        }
        sequence.blockCount = total;
        sequence.passedBlocks = 0;
        sequence.indexedBlocks = shared;
        sequence.indexedText = text;
        return Claim.GRANTED;
    }

    /// Whether the sequence has a block for its next position; allocates one if needed and available.
    boolean grow(Sequence sequence) {
        if (sequence.computed() < sequence.blockCount * blockTokens) {
            return true;
        }
        if (allocator.available() == 0) {
            return false;
        }
        sequence.blocks[sequence.blockCount++] = allocator.allocate();
        return true;
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
            int block = prefixes.find(sequence.indexedText, sequence.tokens(), i * blockTokens);
            if (block == PrefixIndex.NONE) {
                block = sequence.blocks[i];
                prefixes.add(block, sequence.indexedText, sequence.tokens(), i * blockTokens, step);
            }
            sequence.indexedText = prefixes.serial(block);
            sequence.indexedBlocks = i + 1;
        }
    }

    /// Releases the blocks that no row sees from the next position on, except those that have yet to be indexed. To be
    /// called before rows of the step being planned are given to the sequence, as another sequence may fill these
    /// blocks in this step.
    void releasePassed(Sequence sequence) {
        if (window == 0) {
            return;
        }
        int firstSeen = Math.max(0, sequence.computed() + 1 - window);
        int passed = firstSeen / readFrom * readFrom / blockTokens;
        if (prefixCaching) {
            passed = Math.min(passed, sequence.indexedBlocks);
        }
        for (; sequence.passedBlocks < passed; sequence.passedBlocks++) {
            allocator.release(sequence.blocks[sequence.passedBlocks]);
        }
    }

    void release(Sequence sequence) {
        for (int i = sequence.blockCount - 1; i >= sequence.passedBlocks; i--) {
            allocator.release(sequence.blocks[i]);
        }
        sequence.blockCount = 0;
        sequence.passedBlocks = 0;
        sequence.announcedBlocks = 0;
        sequence.prefillEnd = 0;
    }
}
