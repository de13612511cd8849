package dev.flover.engine.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;

/// The arithmetic of the CPU backend: what each verb computes for a piece of its output, on the calling thread.
///
/// Memory is passed by address. Layouts and the order of every sum are written down in `src/main/c`; all kernels give
/// the same bits.
sealed interface Kernels permits NativeKernels, VectorKernels {
    /// As in `--backend`.
    String name();

    /// Panels that a product computes side by side; pieces of fewer are slower.
    int panelsTogether();

    /// Zeroed memory, at least as aligned as the kernels want it, that is released with the arena. For one thread.
    SegmentAllocator memory(Arena arena);

    /// Activations to bytes with a scale for every 32.
    ///
    /// @param group how many bytes are summed for one correction, 16 or 32
    /// @param sums  0 for none
    void quantise(
            long in, int columns, int rows, long bytes, long scales, long corrections, long sums,
            int group, int offset);

    /// A product with weights in blocks, for panels `first` up to `end`.
    void projectBlocks(
            BlockForm form, long quants, long scales, long minimums, int blocks, int shards, int outputs,
            long bytes, long rowScales, long corrections, long sums, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end);

    /// A product with weights in floats, for panels `first` up to `end`.
    void projectFloats(
            FloatForm form, long weights, int inputs, int shards, int outputs, long in, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end);

    void normalise(
            long out, long in, int count, int width, boolean centred, float epsilon, long weight, long bias);

    /// Turns one row's queries and keys and puts keys and values into their block.
    ///
    /// @param form of the keys and values, as in attention: SINGLE or HALF
    void append(
            long row, int heads, int kvHeads, int headDim, long queryNorm, long keyNorm, float epsilon,
            long cosines, long sines, int dims, boolean halves,
            long keys, long values, FloatForm form, int blockTokens, int token);

    /// Attention of a slice's consecutive rows, for one key head.
    ///
    /// @param scratch [#attentionScratchFloats] floats
    void attention(
            long out, long row, int rowStride, int rows, int firstPosition, int group, int headDim,
            int kvHeads, int kvHead, long keys, long values, FloatForm form, long blocks, int blockTokens,
            int window, float scale, float cap, long scratch);

    /// @param activation the ordinal of [dev.flover.engine.model.ModelConfig.Activation]
    void activate(long out, long in, int rows, int width, boolean gated, int activation);

    /// Copies or adds `rows` of `width` floats.
    ///
    /// @param stride   floats from one row to the next
    /// @param inStride the same of what is copied
    void put(long out, int stride, long in, int inStride, int rows, int width, boolean accumulate);

    /// The lowest index of the greatest number; -1 if one is not finite.
    int argmax(long row, int count);

    /// The greatest logit, as [dev.flover.engine.sampling.LogitPasses#greatest].
    float greatest(long logits, int count, boolean masked);

    /// As [dev.flover.engine.sampling.LogitPasses#weigh].
    long weigh(long logits, int count, float greatest, float temperature, long masses, long totals, long maxima);

    /// 192 independent fma for each round; the result is of no interest.
    float computeFloats(long rounds);

    /// Multiplies bytes as products of weights in blocks do, [#integerProducts] a round.
    float computeIntegers(long rounds);

    int integerProducts();

    /// Reads `count` floats, a multiple of 64.
    float read(long address, long count);

    /// Bytes that one quantised activation takes.
    int activationBytes();

    /// For so many queries computed together.
    static int attentionScratchFloats(int queries, int headDim) {
        return queries * (headDim + PagedCache.SPLIT + padded(headDim)) + 5 * padded(queries)
                + PagedCache.SPLIT * headDim;
    }

    static int padded(int floats) {
        return (floats + 15) & -16;
    }
}
