package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.cpu.PackedWeight.BlockPart;
import dev.flover.engine.backend.cpu.PackedWeight.FloatPart;
import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;

/// A product of activations with a packed weight. It quantises the activations if the weight's format needs that, then
/// shares panels among the workers. A tile is a few panels with all rows, or with some of the rows if there are many.
final class Projection implements Workers.Revocable {
    /// The least multiplications of a tile, below which a second thread costs more than it gains; and a number beside
    /// which the cost of handing a tile over is small.
    private static final long WORTHWHILE = 1 << 16;
    private static final long AMPLE = 4 * WORTHWHILE;
    /// Tiles for each worker that suffice to even out the threads' different speeds.
    private static final int TILES_OF_A_WORKER = 8;
    /// Most groups of panels, of [Kernels#panelsTogether] each, in a tile.
    private static final int MOST_GROUPS = 64;
    private static final int ROWS_OF_A_TILE = 128;
    private static final int PANEL = 16;
    /// Bytes of weights that a core reads from its caches in a nanosecond, roughly.
    private static final int BYTES_A_NANO = 16;
    private static final int PRODUCTS_A_NANO = 64;

    private final Kernels kernels;
    private final Workers workers;
    private final SegmentAllocator memory;
    private final Quantisation quantisation = new Quantisation();
    /// One for each worker.
    private final Piece[] pieces;

    private long out;
    private int stride;
    private long in;
    private int rows;
    private int inputs;
    private int shards;
    private long bias;
    private boolean accumulate;
    private PackedWeight.Part part;
    private int panelsOfATile;
    private int rowsOfATile;
    private int panelTiles;

    // Buffers for quantised activations
    private MemorySegment bytes = MemorySegment.NULL;
    private MemorySegment scales = MemorySegment.NULL;
    private MemorySegment corrections = MemorySegment.NULL;
    private MemorySegment sums = MemorySegment.NULL;

    Projection(Kernels kernels, Workers workers, SegmentAllocator memory) {
        this.kernels = kernels;
        this.workers = workers;
        this.memory = memory;
        pieces = new Piece[workers.count()];
        Arrays.setAll(pieces, _ -> new Piece());
    }

    /// Computes `out = in * weightᵀ + bias`, or `out += in * weightᵀ + bias` where `accumulate`.
    ///
    /// @param bias address of `[outputs]` f32, 0 for none
    void run(HostTensor out, HostTensor in, int rows, PackedWeight weight, long bias, boolean accumulate) {
        assert in.columns() == weight.inputs() && out.columns() == weight.outputs();
        run(out.address(), in.address(), rows, weight, bias, accumulate);
    }

    /// Does the same for rows that lie one after another at an address.
    void run(long out, long in, int rows, PackedWeight weight, long bias, boolean accumulate) {
        this.in = in;
        this.rows = rows;
        this.accumulate = accumulate;
        stride = weight.outputs();
        inputs = weight.inputs();
        shards = weight.matrix().kShards();
        BlockForm quantised = null;
        for (int i = 0; i < weight.parts().size(); i++) {
            var part = weight.parts().get(i);
            this.out = out + 4L * part.firstOutput();
            this.bias = bias == 0 ? 0 : bias + 4L * part.firstOutput();
            if (part instanceof BlockPart blocks) {
                if (quantised == null || !quantised.takesActivationsOf(blocks.form())) {
                    quantised = blocks.form();
                    reserve();
                    quantisation.run(blocks.form());
                }
            }
            run(part);
        }
    }

    @Prepares
    private void run(PackedWeight.Part part) {
        this.part = part;
        int together = kernels.panelsTogether();
        long groupWork = (long) PANEL * together * inputs * rows;
        long balanced = part.panels() / together / (TILES_OF_A_WORKER * workers.count());
        long groups = Math.clamp(balanced, WORTHWHILE / groupWork, AMPLE / groupWork);
        panelsOfATile = Math.clamp(groups, 1, MOST_GROUPS) * together;
        panelTiles = Math.ceilDiv(part.panels(), panelsOfATile);
        rowsOfATile = panelTiles >= TILES_OF_A_WORKER * workers.count() ? rows : Math.min(rows, ROWS_OF_A_TILE);
        int tiles = panelTiles * Math.ceilDiv(rows, rowsOfATile);
        for (var piece : pieces) {
            piece.reserve(memory, (long) rowsOfATile * panelsOfATile * PANEL);
        }
        workers.run(this, tiles, part.bytes() / BYTES_A_NANO + (long) inputs * part.outputs() * rows / PRODUCTS_A_NANO);
    }

    @Override
    public Workers.Piece piece(int worker) {
        return pieces[worker];
    }

    /// Grows the buffers to the widest input and the most rows seen so far, so that it allocates rarely.
    private void reserve() {
        long elements = (long) rows * inputs;
        bytes = TensorPiece.reserved(memory, bytes, elements * kernels.activationBytes());
        scales = TensorPiece.reserved(memory, scales, elements / 8);
        corrections = TensorPiece.reserved(memory, corrections, elements / 4);
        sums = TensorPiece.reserved(memory, sums, elements / 4);
    }

    /// The outputs of some panels for some rows.
    private final class Piece extends TensorPiece {
        private PackedWeight.Part part;
        private int inputs;
        private int shards;
        private long in;
        private long bytes;
        private long scales;
        private long corrections;
        private long sums;
        private long bias;
        private int first;
        private int end;

        Piece() {
            super(kernels);
        }

        @Override
        @Prepares
        void note(int tile) {
            var all = Projection.this;
            int row = tile / panelTiles * rowsOfATile;
            part = all.part;
            inputs = all.inputs;
            shards = all.shards;
            in = all.in + 4L * row * inputs;
            if (part instanceof BlockPart blocks) {
                int groups = inputs / blocks.form().group;
                bytes = all.bytes.address() + (long) row * inputs * kernels.activationBytes();
                scales = all.scales.address() + 4L * row * (inputs / 32);
                corrections = all.corrections.address() + 4L * row * groups;
                sums = all.sums.address() + 4L * row * groups;
            }
            bias = all.bias;
            first = tile % panelTiles * panelsOfATile;
            end = Math.min(first + panelsOfATile, part.panels());
            rows = Math.min(rowsOfATile, all.rows - row);
            width = Math.min(PANEL * end, part.outputs()) - PANEL * first;
            place = all.out + 4L * row * all.stride + 4L * PANEL * first;
            placeStride = all.stride;
            asideStride = (end - first) * PANEL;
            accumulate = all.accumulate;
        }

        @Override
        public void compute() {
            long origin = out - 4L * PANEL * first;
            switch (part) {
                case FloatPart floats -> kernels.projectFloats(
                        floats.form(), floats.weights().address(), inputs, shards, floats.outputs(), in, rows,
                        origin, stride, bias, add, first, end);
                case BlockPart blocks -> kernels.projectBlocks(
                        blocks.form(), blocks.quants().address(), blocks.scales().address(),
                        blocks.minimums().address(), blocks.skipped(),
                        inputs / 32, shards, blocks.outputs(), bytes, scales, corrections, sums, rows,
                        origin, stride, bias, add, first, end);
            }
        }
    }

    /// Quantises activations to bytes; a tile is some rows.
    private final class Quantisation implements Workers.Job {
        private BlockForm form;
        private int rowsOfATile;

        @Prepares
        void run(BlockForm form) {
            this.form = form;
            rowsOfATile = Math.max(1, 8192 / inputs);
            workers.run(this, Math.ceilDiv(rows, rowsOfATile));
        }

        @Override
        public void run(int tile, int worker) {
            int row = tile * rowsOfATile;
            int groups = inputs / form.group;
            kernels.quantise(in + 4L * row * inputs, inputs, Math.min(rowsOfATile, rows - row),
                    bytes.address() + (long) row * inputs * kernels.activationBytes(),
                    scales.address() + 4L * row * (inputs / 32), corrections.address() + 4L * row * groups,
                    form.minimums ? sums.address() + 4L * row * groups : 0, form.group, form.offset);
        }
    }
}
