package dev.flover.engine.model;

/// In how many pieces the inputs of the products are summed that end in the residual stream: what several devices may
/// divide among themselves. It follows from the model's widths alone, whatever its weights are stored as.
public final class KShards {
    private static final int MOST = 8;
    /// A piece has whole blocks of this many columns; K-quants are made of eight.
    private static final int COLUMNS = 32;

    private KShards() {}

    /// Of the product that follows attention: pieces of whole query heads.
    public static int ofHeads(int heads, int headDim) {
        return greatest(Math.min(MOST, Integer.lowestOneBit(heads)), heads * headDim);
    }

    /// Of the product that ends a feed-forward layer.
    public static int ofColumns(int inputs) {
        return greatest(MOST, inputs);
    }

    /// The largest power of two up to `limit` that cuts the inputs into equal pieces of whole blocks.
    private static int greatest(int limit, int inputs) {
        int shards = limit;
        while (shards > 1 && inputs % (shards * COLUMNS) != 0) {
            shards /= 2;
        }
        return shards;
    }
}
