package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.StepPlan;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Attention of all rows of a step. A tile is a few rows of one slice with one key head; it is the same cutting for
/// every layer, so it is made once a step. Long tiles come first, so that the last ones even out.
final class AttentionWork implements Workers.Job {
    /// Queries that share the reading of keys and values; see `attention.c`.
    private static final int QUERIES = 48;
    /// Elements of keys, with as many of values, that a core multiplies with a query, roughly.
    private static final int ELEMENTS_A_NANO = 4;

    private final Kernels kernels;
    private final Workers workers;
    private final Arena arena;
    private final MemorySegment[] scratch;

    // The step's cutting
    private int[] itemSlices = new int[64];
    private int[] itemRows = new int[64];
    private int[] itemCounts = new int[64];
    private int items;
    /// Seen by all rows.
    private long positions;
    private MemorySegment tables = MemorySegment.NULL;
    private long[] tableOffsets = new long[64];
    private StepPlan plan;
    private PagedCache cache;

    // One layer
    private HostTensor out;
    private HostTensor queryKeyValue;
    private int layer;
    private int window;
    private float scale;
    private float softCap;

    AttentionWork(Kernels kernels, Workers workers, Arena arena) {
        this.kernels = kernels;
        this.workers = workers;
        this.arena = arena;
        scratch = new MemorySegment[workers.count()];
        Arrays.fill(scratch, MemorySegment.NULL);
    }

    /// Cuts a step into tiles and copies the block tables that they read.
    void begin(StepPlan plan, PagedCache cache) {
        this.plan = plan;
        this.cache = cache;
        int group = cache.shape().heads() / cache.shape().kvHeads();
        int rowsOfAnItem = Math.max(1, QUERIES / group);
        long floats = Kernels.attentionScratchFloats(rowsOfAnItem * group, cache.shape().headDim());
        for (int worker = 0; worker < scratch.length; worker++) {
            if (scratch[worker].byteSize() < 4 * floats) {
                scratch[worker] = kernels.allocate(4 * floats, arena);
            }
        }
        items = 0;
        positions = 0;
        for (int row = 0; row < plan.rows(); row++) {
            positions += plan.positions[row] + 1;
        }
        for (int slice = 0; slice < plan.slices(); slice++) {
            for (int end = plan.sliceRows[slice]; end > 0; end -= rowsOfAnItem) {
                int first = Math.max(0, end - rowsOfAnItem);
                addItem(slice, plan.sliceFirstRows[slice] + first, end - first);
            }
        }
        copyTables();
    }

    private void addItem(int slice, int row, int count) {
        if (items == itemSlices.length) {
            itemSlices = Arrays.copyOf(itemSlices, 2 * items);
            itemRows = Arrays.copyOf(itemRows, 2 * items);
            itemCounts = Arrays.copyOf(itemCounts, 2 * items);
        }
        itemSlices[items] = slice;
        itemRows[items] = row;
        itemCounts[items] = count;
        items++;
    }

    private void copyTables() {
        if (tableOffsets.length < plan.slices()) {
            tableOffsets = new long[plan.sliceSlots.length];
        }
        long total = 0;
        for (int slice = 0; slice < plan.slices(); slice++) {
            tableOffsets[slice] = 4 * total;
            total += blocksOf(slice);
        }
        if (tables.byteSize() < 4 * total) {
            tables = kernels.allocate(8 * total, arena);
        }
        for (int slice = 0; slice < plan.slices(); slice++) {
            int[] table = cache.slots.blockTable(plan.sliceSlots[slice]);
            MemorySegment.copy(table, 0, tables, ValueLayout.JAVA_INT, tableOffsets[slice], blocksOf(slice));
        }
    }

    private int blocksOf(int slice) {
        int last = plan.positions[plan.sliceFirstRows[slice] + plan.sliceRows[slice] - 1];
        return last / cache.shape().blockTokens() + 1;
    }

    /// One layer of the step begun.
    void run(HostTensor out, HostTensor queryKeyValue, int layer, int window, float scale, float softCap) {
        this.out = out;
        this.queryKeyValue = queryKeyValue;
        this.layer = layer;
        this.window = window;
        this.scale = scale;
        this.softCap = softCap;
        var shape = cache.shape();
        workers.run(this, items * shape.kvHeads(), positions * shape.heads() * shape.headDim() / ELEMENTS_A_NANO);
    }

    @Override
    public void run(int tile, int worker) {
        var shape = cache.shape();
        int item = tile / shape.kvHeads();
        int row = itemRows[item];
        kernels.attention(
                out.row(row), queryKeyValue.row(row), queryKeyValue.columns(), itemCounts[item], plan.positions[row],
                shape.heads() / shape.kvHeads(), shape.headDim(), shape.kvHeads(), tile % shape.kvHeads(),
                cache.keys(layer, 0), cache.values(layer, 0), cache.form,
                tables.address() + tableOffsets[itemSlices[item]], shape.blockTokens(),
                window, scale, softCap, scratch[worker].address());
    }
}
