package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.cuda.weights.WeightShape;
import dev.flover.engine.model.ModelConfig.Routing;

/// How the work of a product is cut into blocks. It determines which block computes a sum, but never the order of
/// additions.
///
/// ```
///   outputs in tiles, by rows of a tile:  8: 32    16: 64    32, 64: 128
///   columns in parts:                     four quarters of each shard
///   a block:                              a tile, `blockParts` parts; then the next tile
/// ```
///
/// @param rowTile    rows of a tile
/// @param rowTiles   number of tiles of rows
/// @param blockParts parts that a block computes, a power of two
/// @param splits     number of blocks that share a tile
/// @param blocks     blocks of the launch: as many as are resident at a time, or fewer if there is less work
record Tiling(int rowTile, int rowTiles, int outputTiles, int blockParts, int splits, int blocks) {
    /// The most rows with which several blocks share a tile; with more rows there are enough tiles.
    static final int SPREAD_ROWS = 256;

    /// Bytes a nanosecond of an H200, and the nanoseconds by which a separate norm kernel is slower than a norm inside
    /// the product. The model of a step in `benchmarks/model/decode_step.py` assumes the same numbers.
    private static final double MEMORY_RATE = 4085;
    private static final double CACHE_RATE = 5500;
    private static final double NORM_NANOS = 2900;

    private static final int QUARTERS = 4;
    private static final int WARPS = 8;
    private static final int THREADS = 256;
    private static final int CHUNK = 64;
    private static final int STAGES = 4;
    /// Levels of the tree of parts that are kept in shared memory, and the most levels of the tree.
    private static final int SHARED_LEVELS = 2;
    private static final int MOST_LEVELS = 8;

    /// @param bucket          rows for which the launch is made
    /// @param multiprocessors multiprocessors of the device
    static Tiling of(WeightShape shape, int bucket, int multiprocessors) {
        int rowTile = KernelSet.rowTile(bucket);
        int rowTiles = Math.ceilDiv(bucket, rowTile);
        int outputTiles = Math.ceilDiv(shape.outputs(), tileOutputs(rowTile));
        int parts = QUARTERS * shape.shards();
        int resident = multiprocessors * residentBlocks(rowTile);
        int most = bucket <= SPREAD_ROWS ? Math.max(QUARTERS, shape.shards()) : 1;
        int blockParts = parts;
        while (parts / blockParts < most && blockParts > partWarps(rowTile)
                && (10L * rowTiles * outputTiles * (parts / blockParts) < 9L * resident
                        || needsScratchTwice(rowTile, parts, blockParts))) {
            blockParts /= 2;
        }
        int splits = parts / blockParts;
        return new Tiling(rowTile, rowTiles, outputTiles, blockParts, splits,
                Math.min(resident, rowTiles * outputTiles * splits));
    }

    /// The tiling of a product whose rows are routed to experts with weights of this shape. A block computes whole
    /// tiles.
    ///
    /// @param bucket rows for which the launch is made, before each is routed to several experts
    static Tiling ofExperts(WeightShape shape, int bucket, Routing routing, int multiprocessors) {
        // twice the mean, as some experts get more rows than others
        int ofOne = Math.ceilDiv(2 * bucket * routing.chosen(), routing.experts());
        int rowTile = KernelSet.rowTile(Math.min(bucket, ofOne));
        int outputTiles = Math.ceilDiv(shape.outputs(), tileOutputs(rowTile));
        int resident = multiprocessors * (rowTile <= 16 ? 2 : 1);
        int reached = Math.min(routing.experts(), bucket * routing.chosen());
        return new Tiling(rowTile, 1, outputTiles, QUARTERS * shape.shards(), 1,
                Math.min(resident, outputTiles * reached));
    }

    /// Whether scratch would be needed both for tiles that blocks share and for the upper levels of the tree.
    private static boolean needsScratchTwice(int rowTile, int parts, int blockParts) {
        return blockParts < parts && blockParts / partWarps(rowTile) > 1 << SHARED_LEVELS;
    }

    /// The number of warps of a block that share the columns; the other factor of its warps shares the outputs.
    private static int partWarps(int rowTile) {
        return rowTile <= 8 ? 4 : rowTile <= 16 ? 2 : 1;
    }

    static int tileOutputs(int rowTile) {
        return WARPS / partWarps(rowTile) * WeightShape.TILE_OUTPUTS;
    }

    private static int residentBlocks(int rowTile) {
        return rowTile <= 8 ? 3 : rowTile <= 32 ? 2 : 1;
    }

    /// Whether a product should normalise the rows that it loads. Every tile of outputs reads the rows again, in f32.
    /// With many outputs, or weights of few bits, that takes longer than a launch of a separate norm kernel.
    ///
    /// @param bucket rows for which the launch is made, at most [KernelSet#MOST_ROWS_NORMALISED]
    static boolean normalisesOnLoading(WeightShape shape, int bucket) {
        double tiles = Math.ceilDiv(shape.outputs(), tileOutputs(KernelSet.rowTile(bucket)));
        double weights = shape.valueBytes() + shape.scaleBytes();
        double rows = tiles * shape.inputs() * Float.BYTES * bucket;
        double normWeights = tiles * shape.inputs() * Float.BYTES;
        return nanoseconds(weights, rows + normWeights) <= nanoseconds(weights, rows / 2) + NORM_NANOS;
    }

    private static double nanoseconds(double weights, double activations) {
        return Math.max(weights / MEMORY_RATE, (weights + activations) / CACHE_RATE);
    }

    /// Rows of all tiles of rows, for which scratch has room.
    int scratchRows() {
        return rowTiles * rowTile;
    }

    /// Bytes of scratch for partial sums: those of the splits, or of the upper levels of each block's tree.
    long scratchBytes() {
        if (splits > 1) {
            return 4L * splits * scratchRows() * outputTiles * tileOutputs(rowTile);
        }
        boolean above = blockParts / partWarps(rowTile) > 1 << SHARED_LEVELS;
        return above ? (long) blocks * (MOST_LEVELS - SHARED_LEVELS) * levelBytes(rowTile) : 0;
    }

    long counterBytes() {
        return splits > 1 ? 4L * outputTiles * rowTiles : 0;
    }

    /// Bytes of a block's dynamic shared memory: `struct ProjectShared` in project.cuh.
    static int sharedBytes(int rowTile) {
        int parts = partWarps(rowTile);
        int ring = STAGES * parts * rowTile * CHUNK * 2;
        int sums = parts * rowTile * (tileOutputs(rowTile) + 1) * 4;
        int tree = SHARED_LEVELS * levelBytes(rowTile);
        return ring + 4 * (rowTile + 4) + (parts == 1 ? Math.max(tree, sums) : tree + sums);
    }

    private static int levelBytes(int rowTile) {
        int sums = rowTile * tileOutputs(rowTile) / THREADS;
        return 4 * sums * THREADS;
    }
}
