package dev.flover.engine.model;

/// The number of shards over which the sum along the inputs is split in products that end in the residual stream.
/// Several devices can divide these shards among themselves. The number depends only on the model's widths, not on the
/// type of its weights, so that every device count computes the same bits.
public final class KShards {
    private static final int MOST = 8;
    /// The columns of a shard are a multiple of this number; a block of the K-quants has eight times as many.
    private static final int COLUMNS = 32;

    private KShards() {}

    /// The shards of the product that follows attention: each has whole query heads.
    public static int ofHeads(int heads, int headDim) {
        return greatest(Math.min(MOST, Integer.lowestOneBit(heads)), heads * headDim);
    }

    /// The shards of the product that ends a feed-forward layer.
    public static int ofColumns(int inputs) {
        return greatest(MOST, inputs);
    }

    /// The largest power of two up to `limit` that divides the inputs into equal shards of whole blocks.
    private static int greatest(int limit, int inputs) {
        int shards = limit;
        while (shards > 1 && inputs % (shards * COLUMNS) != 0) {
            shards /= 2;
        }
        return shards;
    }
}
