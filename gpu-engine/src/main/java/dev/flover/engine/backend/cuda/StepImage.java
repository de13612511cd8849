package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.CudaTensor.Counter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A step's plan as the kernels read it: `struct Plan` of plan.cuh, written to pinned memory.
///
/// ```
///   rows, samples, tiles, items, results (2), places, -, array offsets (13) │ tokens │ positions │ homes │ ... │ tiles
/// ```
final class StepImage {
    /// Attention positions that are summed by themselves, aligned to position 0.
    static final int SPLIT = 256;
    /// Queries that share keys in one product.
    static final int QUERIES = 16;

    private static final int RESULTS = 4;
    private static final int ARRAYS = 8;
    private static final int ARRAY_COUNT = 13;
    private static final int HEADER = 21;

    private final MemorySegment memory;
    private final int chosen;
    private final int[] tileFirstRows;
    private final int[] tileRows;
    private final int[] tileItems;
    private final int[] tileScratch;
    private int tiles;
    private int items;
    private int scratchUsed;
    private int words;
    private int arrays;

    /// @param memory [#bytes] of them, for the same budget and slots
    /// @param chosen experts of each row; 0 where there are none
    StepImage(MemorySegment memory, int tokenBudget, int chosen) {
        this.memory = memory;
        this.chosen = chosen;
        tileFirstRows = new int[tokenBudget];
        tileRows = new int[tokenBudget];
        tileItems = new int[tokenBudget + 1];
        tileScratch = new int[tokenBudget];
    }

    /// @param samples most sampling rows
    static long bytes(int tokenBudget, int samples) {
        return 4L * (HEADER + 8L * tokenBudget + 1 + 5L * samples);
    }

    /// Rows of one slice that go into an attention tile.
    static int tileRows(int heads, int kvHeads) {
        return Math.max(1, QUERIES / (heads / kvHeads));
    }

    /// Groups of query heads that share keys, cut to [#QUERIES].
    static int groups(CacheShape shape) {
        return shape.kvHeads() * Math.ceilDiv(shape.heads() / shape.kvHeads(), QUERIES);
    }

    /// Encodes the plan, slots as homes.
    ///
    /// @param results        device address of the step's results
    /// @param scratchEntries how many splits of tiles may be computed apart from each other
    /// @param masks          by sample, which mask of a constraint is its own, or -1
    /// @return how many bytes of the memory are used
    long encode(StepPlan plan, CudaCache cache, long results, int scratchEntries, int[] masks) {
        tile(plan, tileRows(cache.shape().heads(), cache.shape().kvHeads()), scratchEntries);
        words = HEADER;
        arrays = 0;
        put(plan.tokenIds, plan.rows());
        put(plan.positions, plan.rows());
        putHomes(plan.rowSlots, plan.rows(), cache);
        put(plan.sampleRows, plan.samples());
        putHomes(plan.sampleSlots, plan.samples(), cache);
        put(tileFirstRows, tiles);
        put(tileRows, tiles);
        put(tileItems, tiles + 1);
        put(tileScratch, tiles);
        put(plan.sampleTargets, plan.samples());
        put(plan.sampleAlternatives, plan.samples());
        put(plan.turns, plan.rows());
        put(masks, plan.samples());
        assert arrays == ARRAY_COUNT;
        set(0, plan.rows());
        set(1, plan.samples());
        set(2, tiles);
        set(3, items);
        set(RESULTS, (int) results);
        set(RESULTS + 1, (int) (results >>> 32));
        set(Counter.PLACES.word, plan.rows() * chosen);
        return 4L * words;
    }

    /// Cuts slices into tiles. A tile with several splits gets a work item for each while scratch lasts: the device is
    /// full anyway when it does not.
    private void tile(StepPlan plan, int mostRows, int scratchEntries) {
        tiles = 0;
        items = 0;
        scratchUsed = 0;
        for (int slice = 0; slice < plan.slices(); slice++) {
            int end = plan.sliceFirstRows[slice] + plan.sliceRows[slice];
            for (int row = plan.sliceFirstRows[slice]; row < end; row += mostRows) {
                addTile(row, Math.min(mostRows, end - row), plan.positions[row], scratchEntries);
            }
        }
        tileItems[tiles] = items;
    }

    private void addTile(int firstRow, int rows, int firstPosition, int scratchEntries) {
        int splits = (firstPosition + rows - 1) / SPLIT + 1;
        boolean apart = splits > 1 && scratchUsed + splits <= scratchEntries;
        tileFirstRows[tiles] = firstRow;
        tileRows[tiles] = rows;
        tileItems[tiles] = items;
        tileScratch[tiles] = apart ? scratchUsed : -1;
        items += apart ? splits : 1;
        scratchUsed += apart ? splits : 0;
        tiles++;
    }

    private void put(int[] values, int count) {
        set(ARRAYS + arrays++, words);
        MemorySegment.copy(values, 0, memory, ValueLayout.JAVA_INT, 4L * words, count);
        words += count;
    }

    private void putHomes(int[] slots, int count, CudaCache cache) {
        set(ARRAYS + arrays++, words);
        for (int i = 0; i < count; i++) {
            set(words + i, cache.home(slots[i]));
        }
        words += count;
    }

    private void set(int word, int value) {
        memory.setAtIndex(ValueLayout.JAVA_INT, word, value);
    }
}
