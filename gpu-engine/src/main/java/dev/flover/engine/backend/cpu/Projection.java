package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.HostRoutes;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.cpu.PackedWeight.BlockPart;
import dev.flover.engine.backend.cpu.PackedWeight.FloatPart;
import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.backend.cpu.kernels.FloatForm;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A product of activations with a packed weight, or several such products at once, one for each expert. It quantises
/// or rounds the activations if the weight's format needs that, then shares panels among the workers. A tile is a few
/// panels with all rows of one product, or with some of the rows if there are many.
final class Projection implements Workers.Revocable {
    /// The least multiplications of a tile, below which a second thread costs more than it gains.
    private static final long WORTHWHILE = 1 << 16;
    /// Multiplications of a tile, and bytes of its weights, beside which the cost of beginning a tile is small: handing
    /// it over, and reading its first weights, which no tile before it has prefetched.
    private static final long AMPLE = 32 * WORTHWHILE;
    private static final long AMPLE_BYTES = 1 << 18;
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
    private final Rounding rounding = new Rounding();
    /// One for each worker.
    private final Piece[] pieces;

    // The products of a job: one, or one for each expert that has rows. Their weights are packed alike.
    private int products;
    private PackedWeight[] weights = new PackedWeight[1];
    private long[] biases = new long[1];
    /// The first row of each product, then the end of the last product's rows.
    private int[] firstRows = new int[2];
    /// The first tile of each product, then the number of tiles.
    private int[] firstTiles = new int[2];

    private long out;
    private long in;
    private int stride;
    private int inputs;
    private int shards;
    private boolean accumulate;
    /// The part for which activations were converted last, to bytes or to bf16; null while none were.
    private PackedWeight.@Nullable Part converted;
    private int part;
    private int panelsOfATile;
    private int rowsOfATile;
    private int panelTiles;

    // Buffers for quantised activations, of which `bytes` also has rounded ones
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
        products = 0;
        add(weight, 0, rows, bias);
        run(out.address(), in.address(), accumulate);
    }

    /// Multiplies each expert's rows by its matrix. Experts whose matrices are packed alike are one job, so that the
    /// workers wait for each other once and not for each expert.
    ///
    /// @param out  address of `[places][outputs]`, overwritten
    /// @param in   address of `[places][inputs]`
    /// @param bias address of `[experts][outputs]` f32, 0 for none
    void runExperts(long out, long in, HostRoutes routes, List<Weight> experts, long bias) {
        products = 0;
        for (int expert = 0; expert < experts.size(); expert++) {
            int first = routes.firstPlace(expert);
            int end = routes.firstPlace(expert + 1);
            if (first < end) {
                var weight = PackedWeight.of(experts.get(expert));
                if (products > 0 && !weight.isPackedLike(weights[0])) {
                    run(out, in, false);
                    products = 0;
                }
                add(weight, first, end, bias == 0 ? 0 : bias + 4L * expert * weight.outputs());
            }
        }
        if (products > 0) {
            run(out, in, false);
        }
    }

    private void add(PackedWeight weight, int firstRow, int endRow, long bias) {
        if (products == weights.length) {
            weights = Arrays.copyOf(weights, 2 * products);
            biases = Arrays.copyOf(biases, 2 * products);
            firstRows = Arrays.copyOf(firstRows, 2 * products + 1);
            firstTiles = Arrays.copyOf(firstTiles, 2 * products + 1);
        }
        weights[products] = weight;
        biases[products] = bias;
        firstRows[products] = firstRow;
        firstRows[++products] = endRow;
    }

    private void run(long out, long in, boolean accumulate) {
        this.out = out;
        this.in = in;
        this.accumulate = accumulate;
        var weight = weights[0];
        stride = weight.outputs();
        inputs = weight.inputs();
        shards = weight.matrix().kShards();
        converted = null;
        for (int i = 0; i < weight.parts().size(); i++) {
            var next = weight.parts().get(i);
            if (!takesConverted(next)) {
                convert(next);
            }
            runPart(i, next);
        }
    }

    /// Whether a part takes the activations as they are, or as they were converted for an earlier part.
    private boolean takesConverted(PackedWeight.Part part) {
        return switch (part) {
            case FloatPart floats -> floats.form() != FloatForm.BF16 || converted instanceof FloatPart;
            case BlockPart blocks -> converted instanceof BlockPart before
                    && before.form().takesActivationsOf(blocks.form());
        };
    }

    private void convert(PackedWeight.Part part) {
        switch (part) {
            case FloatPart _ -> {
                reserve(kernels.bf16Bytes());
                rounding.run();
            }
            case BlockPart blocks -> {
                reserve(kernels.activationBytes());
                quantisation.run(blocks.form());
            }
        }
        converted = part;
    }

    /// Computes one part of the outputs.
    ///
    /// @param first the part of the first product
    private void runPart(int part, PackedWeight.Part first) {
        this.part = part;
        int rows = firstRows[products] - firstRows[0];
        int together = kernels.panelsTogether();
        long groupWork = Math.ceilDiv((long) PANEL * together * inputs * rows, products);
        long balanced = (long) products * first.panels() / together / (TILES_OF_A_WORKER * workers.count());
        long groupBytes = Math.ceilDiv(first.bytes() * together, first.panels());
        long least = WORTHWHILE / groupWork;
        long most = Math.max(least, Math.min(AMPLE / groupWork, AMPLE_BYTES / groupBytes));
        long groups = Math.clamp(balanced, least, most);
        panelsOfATile = Math.clamp(groups, 1, MOST_GROUPS) * together;
        panelTiles = Math.ceilDiv(first.panels(), panelsOfATile);
        boolean manyTiles = products * panelTiles >= TILES_OF_A_WORKER * workers.count();
        rowsOfATile = manyTiles ? rows : Math.min(rows, ROWS_OF_A_TILE);
        int mostRows = 0;
        firstTiles[0] = 0;
        for (int i = 0; i < products; i++) {
            int ofProduct = firstRows[i + 1] - firstRows[i];
            firstTiles[i + 1] = firstTiles[i] + panelTiles * Math.ceilDiv(ofProduct, rowsOfATile);
            mostRows = Math.max(mostRows, ofProduct);
        }
        for (var piece : pieces) {
            piece.reserve(memory, (long) Math.min(mostRows, rowsOfATile) * panelsOfATile * PANEL);
        }
        long nanos = products * first.bytes() / BYTES_A_NANO
                + (long) inputs * first.outputs() * rows / PRODUCTS_A_NANO;
        workers.run(this, firstTiles[products], nanos);
    }

    @Override
    public Workers.Piece piece(int worker) {
        return pieces[worker];
    }

    /// Grows the buffers to the widest input and the most rows seen so far, so that it allocates rarely.
    ///
    /// @param activationBytes of a converted activation
    private void reserve(int activationBytes) {
        long elements = (long) firstRows[products] * inputs;
        bytes = TensorPiece.reserved(memory, bytes, elements * activationBytes);
        scales = TensorPiece.reserved(memory, scales, elements / 8);
        corrections = TensorPiece.reserved(memory, corrections, elements / 4);
        sums = TensorPiece.reserved(memory, sums, elements / 4);
    }

    /// The address of a row of rounded activations.
    private long rounded(int row) {
        return bytes.address() + (long) row * inputs * kernels.bf16Bytes();
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
            int product = 0;
            while (product < products - 1 && firstTiles[product + 1] <= tile) {
                product++;
            }
            int tileOfProduct = tile - firstTiles[product];
            int row = firstRows[product] + tileOfProduct / panelTiles * rowsOfATile;
            part = weights[product].parts().get(all.part);
            inputs = all.inputs;
            shards = all.shards;
            switch (part) {
                case FloatPart floats ->
                    in = floats.form() == FloatForm.BF16 ? rounded(row) : all.in + 4L * row * inputs;
                case BlockPart blocks -> {
                    int groups = inputs / blocks.form().group;
                    bytes = all.bytes.address() + (long) row * inputs * kernels.activationBytes();
                    scales = all.scales.address() + 4L * row * (inputs / 32);
                    corrections = all.corrections.address() + 4L * row * groups;
                    sums = all.sums.address() + 4L * row * groups;
                }
            }
            bias = biases[product] == 0 ? 0 : biases[product] + 4L * part.firstOutput();
            first = tileOfProduct % panelTiles * panelsOfATile;
            end = Math.min(first + panelsOfATile, part.panels());
            rows = Math.min(rowsOfATile, firstRows[product + 1] - row);
            width = Math.min(PANEL * end, part.outputs()) - PANEL * first;
            place = all.out + 4L * ((long) row * all.stride + part.firstOutput() + PANEL * first);
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

    /// Converts activations to the numbers that a product takes; a tile is some rows.
    private abstract class Conversion implements Workers.Job {
        private int rowsOfATile;

        @Prepares
        void run() {
            rowsOfATile = Math.max(1, 8192 / inputs);
            workers.run(this, Math.ceilDiv(firstRows[products] - firstRows[0], rowsOfATile));
        }

        @Override
        public void run(int tile, int worker) {
            int row = firstRows[0] + tile * rowsOfATile;
            convert(row, Math.min(rowsOfATile, firstRows[products] - row));
        }

        abstract void convert(int row, int count);
    }

    /// Rounds activations to bf16.
    private final class Rounding extends Conversion {
        @Override
        void convert(int row, int count) {
            kernels.roundToBf16(in + 4L * row * inputs, inputs, count, rounded(row));
        }
    }

    /// Quantises activations to bytes.
    private final class Quantisation extends Conversion {
        private BlockForm form;

        @Prepares
        void run(BlockForm form) {
            this.form = form;
            run();
        }

        @Override
        void convert(int row, int count) {
            int groups = inputs / form.group;
            kernels.quantise(in + 4L * row * inputs, inputs, count,
                    bytes.address() + (long) row * inputs * kernels.activationBytes(),
                    scales.address() + 4L * row * (inputs / 32), corrections.address() + 4L * row * groups,
                    form.minimums ? sums.address() + 4L * row * groups : 0, form.group, form.offset);
        }
    }
}
