package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend.Attention;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cpu.kernels.CacheForm;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import dev.flover.engine.backend.cpu.kernels.PagedCache;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;

/// Computes the attention of all rows of a step. A tile is a few rows of one slice together with some key heads. How
/// rows are cut into tiles is the same for every layer, so the cutting is computed once a step. Within a slice the
/// tiles of the last rows, which see the most positions, come first, so that the shorter tiles at the end even out the
/// load of the workers.
final class AttentionWork implements Workers.Revocable {
    /// Most queries that are computed together and share one reading of keys and values; see `attention.c`.
    private static final int QUERIES = 48;
    /// A tile takes several consecutive key heads, whose keys and values are adjacent in memory, if at least this many
    /// tiles for each worker remain and the tile takes at most [#TILE_NANOS].
    private static final int TILES_OF_A_WORKER = 8;
    private static final long TILE_NANOS = 40_000;
    /// Elements of keys that a core multiplies with a query in a nanosecond, with as many elements of values, roughly.
    private static final int ELEMENTS_A_NANO = 4;

    private final Kernels kernels;
    private final Workers workers;
    private final SegmentAllocator memory;
    /// One for each worker.
    private final Piece[] pieces;

    // How the step's rows are cut into items: a few rows of one slice each
    private int[] itemSlices = new int[64];
    private int[] itemRows = new int[64];
    private int[] itemCounts = new int[64];
    private int items;
    /// The number of query-key pairs of one head, summed over all rows.
    private long positions;
    private StepPlan plan;
    private PagedCache cache;

    // The parameters of one layer
    private HostTensor out;
    private HostTensor queryKeyValue;
    private Attention parameters;
    private int headsOfATile;
    private int headTiles;

    AttentionWork(Kernels kernels, Workers workers, SegmentAllocator memory) {
        this.kernels = kernels;
        this.workers = workers;
        this.memory = memory;
        pieces = new Piece[workers.count()];
        Arrays.setAll(pieces, _ -> new Piece());
    }

    /// Cuts a step into tiles.
    @Prepares
    void begin(StepPlan plan, PagedCache cache) {
        this.plan = plan;
        this.cache = cache;
        int group = cache.shape().heads() / cache.shape().kvHeads();
        int rowsOfAnItem = Math.max(1, QUERIES / group);
        int headDim = cache.shape().headDim();
        for (var piece : pieces) {
            piece.scratch = TensorPiece.reserved(memory, piece.scratch,
                    4L * Kernels.attentionScratchFloats(rowsOfAnItem * group, headDim, cache.shape().valueDim()));
            piece.reserve(memory, (long) rowsOfAnItem * cache.shape().heads() * headDim);
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

    /// Computes one layer of the step that [#begin] was called for.
    @Prepares
    void run(HostTensor out, HostTensor queryKeyValue, Attention parameters) {
        this.out = out;
        this.queryKeyValue = queryKeyValue;
        this.parameters = parameters;
        var shape = cache.shape();
        long nanos = positions * shape.heads() * shape.headDim() / ELEMENTS_A_NANO;
        int pieces = items * shape.kvHeads();
        long together = Math.min(pieces / (TILES_OF_A_WORKER * workers.count()), TILE_NANOS * pieces / (nanos + 1));
        headsOfATile = Math.clamp(together, 1, shape.kvHeads());
        headTiles = Math.ceilDiv(shape.kvHeads(), headsOfATile);
        workers.run(this, items * headTiles, nanos);
    }

    @Override
    public Workers.Piece piece(int worker) {
        return pieces[worker];
    }

    /// Attention of a few rows of one slice for some key heads.
    private final class Piece extends TensorPiece {
        private MemorySegment scratch = MemorySegment.NULL;
        private CacheShape shape;
        private int firstPosition;
        private int first;
        private int end;
        private long in;
        private int inStride;
        private long keys;
        private long values;
        private CacheForm form;
        private long table;
        private Attention parameters;

        Piece() {
            super(kernels);
        }

        @Override
        @Prepares
        void note(int tile) {
            var all = AttentionWork.this;
            int item = tile / headTiles;
            int row = itemRows[item];
            shape = cache.shape();
            firstPosition = plan.positions[row];
            first = tile % headTiles * headsOfATile;
            end = Math.min(first + headsOfATile, shape.kvHeads());
            in = queryKeyValue.row(row);
            inStride = queryKeyValue.columns();
            keys = cache.keys(all.parameters.layer(), 0);
            values = cache.values(all.parameters.layer(), 0);
            form = cache.form;
            table = cache.slots.blockTable(
                    cache.table(all.parameters.layer()), plan.sliceSlots[itemSlices[item]]).address();
            parameters = all.parameters;
            rows = itemCounts[item];
            width = (end - first) * headWidth();
            place = all.out.row(row) + 4L * first * headWidth();
            placeStride = shape.heads() * shape.valueDim();
            asideStride = placeStride;
        }

        /// Outputs of the query heads that share one key head, for one row.
        private int headWidth() {
            return shape.heads() / shape.kvHeads() * shape.valueDim();
        }

        @Override
        public void compute() {
            long origin = out - 4L * first * headWidth();
            for (int head = first; head < end; head++) {
                kernels.attention(
                        origin, in, inStride, rows, firstPosition, shape.heads() / shape.kvHeads(), shape.headDim(),
                        shape.valueDim(), shape.kvHeads(), head, keys, values, form, table, shape.blockTokens(),
                        parameters.window(), parameters.scale(), parameters.softCap(),
                        HostVector.address(parameters.sinks()),
                        scratch.address());
            }
        }
    }
}
