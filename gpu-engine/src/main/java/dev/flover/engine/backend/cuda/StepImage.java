package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.CudaTensor.Counter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A step's plan in the encoding that kernels read, `struct Plan` of plan.cuh, written to pinned memory.
///
/// ```
///   rows, samples, tiles, items, results (2), places, heads, offsets (13) │ tokens │ positions │ homes │ ... │ tiles
/// ```
final class StepImage {
    /// Positions of attention whose sums are computed separately and then merged (a split). Splits are aligned to
    /// position 0.
    static final int SPLIT = 256;
    /// Most queries that share keys in one tile.
    static final int QUERIES = 16;

    /// Header words, as `plan.cuh` numbers them.
    static final int TILES = 2;
    static final int ITEMS = 3;
    static final int RESULTS = 4;
    static final int ARRAYS = 8;
    static final int ARRAY_COUNT = 13;
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

    /// @param memory [#bytes] bytes, for the same token budget and number of samples
    /// @param chosen experts that each row chooses; 0 if the model has none
    StepImage(MemorySegment memory, int tokenBudget, int chosen) {
        this.memory = memory;
        this.chosen = chosen;
        tileFirstRows = new int[tokenBudget];
        tileRows = new int[tokenBudget];
        tileItems = new int[tokenBudget + 1];
        tileScratch = new int[tokenBudget];
    }

    /// The bytes of the largest plan.
    ///
    /// @param samples most samples of a step
    static long bytes(int tokenBudget, int samples) {
        return 4L * (HEADER + 8L * tokenBudget + 1 + 5L * samples);
    }

    /// Most rows of one slice in an attention tile.
    static int tileRows(int heads, int kvHeads) {
        return Math.max(1, QUERIES / (heads / kvHeads));
    }

    /// The number of groups of query heads that share keys, where a group has at most [#QUERIES] heads.
    static int groups(CacheShape shape) {
        return shape.kvHeads() * Math.ceilDiv(shape.heads() / shape.kvHeads(), QUERIES);
    }

    /// Encodes a plan, with homes in the place of slots.
    ///
    /// @param results        device address of the step's results
    /// @param scratchEntries most splits of tiles that may be computed by different blocks
    /// @param masks          by sample, the index of the sample's constraint mask, or -1 for none
    /// @return the number of bytes that were written
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
        set(Counter.ROWS.word, plan.rows());
        set(Counter.SAMPLES.word, plan.samples());
        set(TILES, tiles);
        set(ITEMS, items);
        set(RESULTS, (int) results);
        set(RESULTS + 1, (int) (results >>> 32));
        set(Counter.PLACES.word, plan.rows() * chosen);
        set(Counter.HEADS.word, plan.rows() * cache.shape().heads());
        return 4L * words;
    }

    /// Cuts slices into attention tiles. A tile with several splits gets a work item for each split as long as scratch
    /// entries remain; when they run out, there are enough items to fill the device.
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
