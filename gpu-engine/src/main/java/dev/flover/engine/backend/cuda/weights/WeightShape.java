package dev.flover.engine.backend.cuda.weights;

/// The shape of a packed weight matrix [outputs, inputs]: rows in tiles of 16, padded to a multiple of 32; columns in
/// shards, each padded to a multiple of 64 (a chunk).
public record WeightShape(Storage storage, int outputs, int inputs, int shards) {
    public static final int TILE_OUTPUTS = 16;
    public static final int BLOCK_OUTPUTS = 32;
    public static final int CHUNK = 64;

    public int shardInputs() {
        return inputs / shards;
    }

    int shardChunks() {
        return Math.ceilDiv(shardInputs(), CHUNK);
    }

    /// The number of chunks of 64 columns in a tile of 16 outputs.
    int chunks() {
        return shards * shardChunks();
    }

    public int paddedOutputs() {
        return Math.ceilDiv(outputs, BLOCK_OUTPUTS) * BLOCK_OUTPUTS;
    }

    int tiles() {
        return paddedOutputs() / TILE_OUTPUTS;
    }

    long tileBytes() {
        return (long) TILE_OUTPUTS * chunks() * storage.chunkBytes();
    }

    long tileScaleBytes() {
        return (long) TILE_OUTPUTS * chunks() * 2 * storage.groupBytes();
    }

    public long valueBytes() {
        return storage == Storage.F32 ? 4L * outputs * inputs : tiles() * tileBytes();
    }

    public long scaleBytes() {
        return tiles() * tileScaleBytes();
    }
}
