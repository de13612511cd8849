package dev.flover.engine.backend.cpu.kernels;

/// Numbers on which the speed of products depends and no bit of their results; see `choices.h`.
///
/// @param aheadBytes  how far ahead a product of one or two rows prefetches weights; 0 for not at all
/// @param aheadRows   up to how many rows, from three on, prefetch the weights of later blocks; 0 for none
/// @param chunkBlocks blocks of 32 inputs that all tiles process before any goes on; `most_blocks` in
///                    `project_blocks.h` has the exceptions
/// @param smallTiles  whether tiles have fewer rows than they could, so that registers hold all their sums; with VNNI
public record KernelChoices(int aheadBytes, int aheadRows, int chunkBlocks, boolean smallTiles) {
    /// The choices that hold until others are measured: those for Intel servers with AVX-512.
    public static final KernelChoices DEFAULT = new KernelChoices(1024, 32, 4, false);

    private static final int MOST_AHEAD = 1 << 16;
    private static final int MOST_CHUNK_BLOCKS = 8;

    public KernelChoices {
        if (aheadBytes < 0 || aheadBytes > MOST_AHEAD) {
            throw new IllegalArgumentException("aheadBytes must be in [0, " + MOST_AHEAD + "], was " + aheadBytes);
        }
        if (aheadRows < 0) {
            throw new IllegalArgumentException("aheadRows must be at least 0, was " + aheadRows);
        }
        if (chunkBlocks < 1 || chunkBlocks > MOST_CHUNK_BLOCKS) {
            throw new IllegalArgumentException("chunkBlocks must be in [1, " + MOST_CHUNK_BLOCKS + "], was "
                    + chunkBlocks);
        }
    }
}
