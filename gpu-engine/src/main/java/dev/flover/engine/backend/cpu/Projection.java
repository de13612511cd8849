package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.cpu.PackedWeight.BlockPart;
import dev.flover.engine.backend.cpu.PackedWeight.FloatPart;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/// A product of activations with a packed weight: quantises the activations where the weight wants it, then shares
/// panels out to the workers. A tile is a few panels with all rows, or with some where rows are many.
final class Projection implements Workers.Job {
    /// Multiplications that are worth handing to another thread.
    private static final long WORTHWHILE = 1 << 16;
    private static final int ROWS_OF_A_TILE = 128;
    /// Weights that a core reads from its caches, and multiplications that it does, roughly.
    private static final int BYTES_A_NANO = 16;
    private static final int PRODUCTS_A_NANO = 64;

    private final Kernels kernels;
    private final Workers workers;
    private final SegmentAllocator memory;
    private final Quantisation quantisation = new Quantisation();

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

    // Quantised activations
    private MemorySegment bytes = MemorySegment.NULL;
    private MemorySegment scales = MemorySegment.NULL;
    private MemorySegment corrections = MemorySegment.NULL;
    private MemorySegment sums = MemorySegment.NULL;

    Projection(Kernels kernels, Workers workers, SegmentAllocator memory) {
        this.kernels = kernels;
        this.workers = workers;
        this.memory = memory;
    }

    /// `out (+)= in * weightᵀ + bias`.
    ///
    /// @param bias address of the weight's outputs, 0 for none
    void run(HostTensor out, HostTensor in, int rows, PackedWeight weight, long bias, boolean accumulate) {
        assert in.columns() == weight.inputs() && out.columns() == weight.outputs();
        this.in = in.address();
        this.rows = rows;
        this.accumulate = accumulate;
        stride = weight.outputs();
        inputs = weight.inputs();
        shards = weight.matrix().kShards();
        BlockForm quantised = null;
        for (int i = 0; i < weight.parts().size(); i++) {
            part = weight.parts().get(i);
            this.out = out.address() + 4L * part.firstOutput();
            this.bias = bias == 0 ? 0 : bias + 4L * part.firstOutput();
            if (part instanceof BlockPart blocks) {
                if (quantised == null || quantised.offset != blocks.form().offset
                        || quantised.group != blocks.form().group) {
                    quantised = blocks.form();
                    reserve();
                    quantisation.run(blocks.form());
                }
            }
            runPart();
        }
    }

    private void runPart() {
        long panelWork = 16L * inputs * rows;
        int together = kernels.panelsTogether();
        panelsOfATile = (int) Math.max(1, Math.min(WORTHWHILE / panelWork / together, 64)) * together;
        panelTiles = Math.ceilDiv(part.panels(), panelsOfATile);
        rowsOfATile = panelTiles >= 8 * workers.count() ? rows : Math.min(rows, ROWS_OF_A_TILE);
        int tiles = panelTiles * Math.ceilDiv(rows, rowsOfATile);
        workers.run(this, tiles, part.bytes() / BYTES_A_NANO + (long) inputs * part.outputs() * rows / PRODUCTS_A_NANO);
    }

    @Override
    public void run(int tile, int worker) {
        int first = tile % panelTiles * panelsOfATile;
        int end = Math.min(first + panelsOfATile, part.panels());
        int row = tile / panelTiles * rowsOfATile;
        int count = Math.min(rowsOfATile, rows - row);
        long to = out + 4L * row * stride;
        switch (part) {
            case FloatPart floats -> kernels.projectFloats(
                    floats.form(), floats.weights(), inputs, shards, floats.outputs(), in + 4L * row * inputs, count,
                    to, stride, bias, accumulate, first, end);
            case BlockPart blocks -> {
                int perRow = inputs / 32;
                int groups = inputs / blocks.form().group;
                kernels.projectBlocks(
                        blocks.form(), blocks.quants(), blocks.scales(), blocks.minimums(), perRow, shards,
                        blocks.outputs(), bytes.address() + (long) row * inputs * kernels.activationBytes(),
                        scales.address() + 4L * row * perRow, corrections.address() + 4L * row * groups,
                        sums.address() + 4L * row * groups, count,
                        to, stride, bias, accumulate, first, end);
            }
        }
    }

    /// Rare: buffers grow to the widest input and the most rows seen.
    private void reserve() {
        long elements = (long) rows * inputs;
        bytes = reserved(bytes, elements * kernels.activationBytes());
        scales = reserved(scales, elements / 8);
        corrections = reserved(corrections, elements / 4);
        sums = reserved(sums, elements / 4);
    }

    private MemorySegment reserved(MemorySegment held, long size) {
        return held.byteSize() >= size ? held : memory.allocate(size);
    }

    /// Activations to bytes, some rows a tile.
    private final class Quantisation implements Workers.Job {
        private BlockForm form;
        private int rowsOfATile;

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
