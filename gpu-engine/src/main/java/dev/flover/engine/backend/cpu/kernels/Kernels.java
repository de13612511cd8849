package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;

/// The arithmetic of the CPU backend: each method computes a part of one verb's output, on the calling thread.
///
/// Memory is passed by address, as `long`. Layouts and the order of every sum are documented in `src/main/c`. All
/// implementations give the same bits.
public sealed interface Kernels permits NativeKernels, VectorKernels {
    /// The backend's name, as it is given to `--backend`.
    String name();

    /// How many panels a product computes side by side. Tiles of fewer panels are slower.
    int panelsTogether();

    /// Uses these numbers from now on, in this process. To be called while nothing is computed. Kernels that have no
    /// such numbers ignore it.
    void choose(KernelChoices choices);

    /// An allocator of zeroed memory, aligned as the kernels require, that is released with the arena. For use by one
    /// thread.
    SegmentAllocator memory(Arena arena);

    /// Re-orders up to sixteen stored rows, which become the outputs (lanes) of a panel, in the layout of
    /// [BlockForm#of].
    ///
    /// @param rows     address of sixteen addresses, at which the rows' first blocks begin; 0 for a lane without a row
    /// @param records  blocks of each row
    /// @param quants   `[records]`, at a multiple of 64, overwritten
    /// @param scales   `[records][16]`, overwritten
    /// @param minimums the same, or 0
    void pack(TensorType type, long rows, int records, long quants, long scales, long minimums);

    /// Quantises activations to bytes, with a scale for every 32.
    ///
    /// @param group       how many bytes share one correction and one sum, 16 or 32
    /// @param corrections overwritten with a correction for each group, for the [BlockForm#offset] of the weights
    /// @param sums        overwritten with the sum of each group, for weights with minimums; 0 for none
    void quantise(
            long in, int columns, int rows, long bytes, long scales, long corrections, long sums,
            int group, int offset);

    /// Rounds activations to bf16, to the nearest number and ties to even; magnitudes below 2^-56 become 0.
    ///
    /// @param columns a multiple of 32
    /// @param out     `[rows][columns]` numbers of [#bf16Bytes] bytes, in the order that [#projectFloats] needs
    void roundToBf16(long in, int columns, int rows, long out);

    /// Multiplies activations by weights in blocks, for panels `first` up to and excluding `end`.
    ///
    /// @param skipped blocks of the first record that come before the first input
    void projectBlocks(
            BlockForm form, long quants, long scales, long minimums, int skipped, int blocks, int shards, int outputs,
            long bytes, long rowScales, long corrections, long sums, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end);

    /// Multiplies activations by unquantised weights, for panels `first` up to and excluding `end`.
    ///
    /// @param in `[rows][inputs]` f32; for weights in bf16 [#roundToBf16] has written it
    void projectFloats(
            FloatForm form, long weights, int inputs, int shards, int outputs, long in, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end);

    void normalise(
            long out, long in, int count, int width, boolean centred, float epsilon, long weight, long bias);

    /// Rotates one row's queries and keys, and writes its keys and values to their KV block.
    ///
    /// @param values 0 if values are a part of the keys
    void append(
            long row, int heads, int kvHeads, int headDim, long queryNorm, long keyNorm, float epsilon,
            long cosines, long sines, int dims, boolean halves,
            long keys, long values, CacheForm form, int blockTokens, int token);

    /// Computes attention of consecutive rows of one slice, for one key head.
    ///
    /// @param valueDim the width of a head's value: `headDim`, or, where `values` is 0, how many of the last numbers of
    ///     a key are its value
    /// @param sinks   address of a score for each query head that has no key and no value; 0 for none
    /// @param scratch room for [#attentionScratchFloats] floats
    void attention(
            long out, long row, int rowStride, int rows, int firstPosition, int group, int headDim, int valueDim,
            int kvHeads, int kvHead, long keys, long values, CacheForm form, long blocks, int blockTokens,
            int window, float scale, float cap, long sinks, long scratch);

    void activate(long out, long in, int rows, int width, boolean gated, Activation activation);

    /// Copies, or adds, `rows` rows of `width` floats.
    ///
    /// @param stride   floats from one row of `out` to the next
    /// @param inStride floats from one row of `in` to the next
    void put(long out, int stride, long in, int inStride, int rows, int width, boolean accumulate);

    /// The lowest index of the greatest number; -1 if any number is not finite.
    int argmax(long row, int count);

    /// The greatest logit, as specified in [dev.flover.engine.sampling.LogitPasses#greatest].
    float greatest(long logits, int count, boolean masked);

    /// Computes masses as specified in [dev.flover.engine.sampling.LogitPasses#weigh].
    long weigh(long logits, int count, float greatest, float temperature, long masses, long totals, long maxima);

    /// Computes 192 independent fused multiply-adds a round, to measure the peak rate. The result has no meaning.
    float computeFloats(long rounds);

    /// Computes [#bf16Products] multiplications and additions of bf16 numbers a round, with the instructions of
    /// [#projectFloats], to measure the peak rate. The result has no meaning.
    float computeBf16(long rounds);

    int bf16Products();

    /// Multiplies [#integerProducts] pairs of bytes a round, with the instructions of [#projectBlocks], to measure the
    /// peak rate. The result has no meaning.
    float computeIntegers(long rounds);

    int integerProducts();

    /// Reads `count` floats, a multiple of 64, to measure the peak rate. The result has no meaning.
    float read(long address, long count);

    /// Bytes of one quantised activation.
    int activationBytes();

    /// Bytes of one activation that is rounded to bf16.
    int bf16Bytes();

    /// Floats of scratch memory that [#attention] needs to compute this many queries together.
    static int attentionScratchFloats(int queries, int headDim, int valueDim) {
        return queries * (headDim + PagedCache.SPLIT + padded(valueDim)) + 5 * padded(queries)
                + PagedCache.SPLIT * (headDim + padded(valueDim));
    }

    static int padded(int floats) {
        return (floats + 15) & -16;
    }
}
