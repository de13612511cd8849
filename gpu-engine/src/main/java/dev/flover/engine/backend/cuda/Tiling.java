package dev.flover.engine.backend.cuda;

import dev.flover.engine.model.ModelConfig.Routing;

/// How a product's work is cut into blocks: chooses where sums are computed, never their order.
///
/// ```
///   outputs in tiles, by rows of a tile:  8: 32    16: 64    32, 64: 128
///   columns in parts:                     four quarters of each shard
///   a block:                              a tile, `blockParts` parts; then the next tile
/// ```
///
/// @param rowTile    rows of a tile
/// @param rowTiles   tiles of rows
/// @param blockParts parts that a block takes, a power of two
/// @param splits     blocks that share a tile
/// @param blocks     of the launch: as many as are resident at once, or as there is work
record Tiling(int rowTile, int rowTiles, int outputTiles, int blockParts, int splits, int blocks) {
    /// Rows up to which several blocks share a tile; beyond, there are tiles enough.
    static final int SPREAD_ROWS = 256;

    /// Bytes a nanosecond, and what a norm's kernel takes beyond what a product does instead: an H200's, as the model
    /// of a step assumes them (`benchmarks/model/decode_step.py`).
    private static final double MEMORY_RATE = 4085;
    private static final double CACHE_RATE = 5500;
    private static final double NORM_NANOS = 2900;

    private static final int QUARTERS = 4;
    private static final int WARPS = 8;
    private static final int THREADS = 256;
    private static final int CHUNK = 64;
    private static final int STAGES = 4;
    /// Levels of the tree of parts that are in shared memory, and all there are.
    private static final int SHARED_LEVELS = 2;
    private static final int MOST_LEVELS = 8;

    /// @param bucket          rows that the launch is for
    /// @param multiprocessors of the device
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

    /// Of rows that are dealt to experts with weights of this shape, blocks taking whole tiles of all of them.
    ///
    /// @param bucket rows that the launch is for, before they are dealt
    static Tiling ofExperts(WeightShape shape, int bucket, Routing routing, int multiprocessors) {
        int ofOne = Math.ceilDiv(2 * bucket * routing.chosen(), routing.experts());     // some have more than others
        int rowTile = KernelSet.rowTile(Math.min(bucket, ofOne));
        int outputTiles = Math.ceilDiv(shape.outputs(), tileOutputs(rowTile));
        int resident = multiprocessors * (rowTile <= 16 ? 2 : 1);
        int reached = Math.min(routing.experts(), bucket * routing.chosen());
        return new Tiling(rowTile, 1, outputTiles, QUARTERS * shape.shards(), 1,
                Math.min(resident, outputTiles * reached));
    }

    /// Shared tiles and upper levels of the tree want the same scratch.
    private static boolean needsScratchTwice(int rowTile, int parts, int blockParts) {
        return blockParts < parts && blockParts / partWarps(rowTile) > 1 << SHARED_LEVELS;
    }

    /// Warps that share the columns; the others share the outputs.
    private static int partWarps(int rowTile) {
        return rowTile <= 8 ? 4 : rowTile <= 16 ? 2 : 1;
    }

    static int tileOutputs(int rowTile) {
        return WARPS / partWarps(rowTile) * WeightShape.TILE_OUTPUTS;
    }

    private static int residentBlocks(int rowTile) {
        return rowTile <= 8 ? 3 : rowTile <= 32 ? 2 : 1;
    }

    /// Whether a product should normalise the rows that it loads: every tile of outputs reads them again, in f32, which
    /// for many outputs, or weights of few bits, takes longer than a launch of the norm's own kernel.
    ///
    /// @param bucket rows that the launch is for, at most [KernelSet#MOST_ROWS_NORMALISED]
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

    /// Rows and outputs of the tiles of all rows, as scratch has them.
    int scratchRows() {
        return rowTiles * rowTile;
    }

    /// Bytes of partial sums: of splits, or of the upper levels of each block's tree.
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

    /// Dynamic shared memory of a block: `struct ProjectShared`.
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
