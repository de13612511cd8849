package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.backend.cpu.kernels.VectorProducts.Blocks;
import dev.flover.engine.backend.cpu.kernels.VectorProducts.Product;
import dev.flover.engine.backend.cpu.kernels.VectorProducts.Target;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.util.EnumMap;
import java.util.Map;

/// The kernels in Java's Vector API, for machines without compiled kernels. Tests compare the compiled kernels with
/// these.
public final class VectorKernels implements Kernels {
    private static final int SHARD_LEVELS = 12;

    /// Scratch memory of a thread: sixteen partial sums, or the sums of the shard tree for four rows.
    private final ThreadLocal<float[]> sums = ThreadLocal.withInitial(() -> new float[SHARD_LEVELS * 4 * 16]);
    private final ThreadLocal<PanelNumbers> panels = ThreadLocal.withInitial(PanelNumbers::new);

    private final ThreadLocal<Map<TensorType, PanelWriter>> writers =
            ThreadLocal.withInitial(() -> new EnumMap<>(TensorType.class));

    @Override
    public String name() {
        return "cpu-java";
    }

    @Override
    public void choose(KernelChoices choices) {}

    @Override
    public int panelsTogether() {
        return 1;
    }

    @Override
    public int activationBytes() {
        return Float.BYTES;
    }

    @Override
    public int bf16Bytes() {
        return Float.BYTES;
    }

    @Override
    public SegmentAllocator memory(Arena arena) {
        return (bytes, _) -> arena.allocate(bytes, 64);
    }

    @Override
    public void pack(TensorType type, long rows, int records, long quants, long scales, long minimums) {
        writers.get().computeIfAbsent(type, PanelWriter::new).pack(rows, records, quants, scales, minimums);
    }

    @Override
    public void quantise(
            long in, int columns, int rows, long bytes, long scales, long corrections, long sums,
            int group, int offset) {
        VectorRows.quantise(in, columns, rows, bytes, scales, sums, group);
    }

    @Override
    public void roundToBf16(long in, int columns, int rows, long out) {
        VectorRows.roundToBf16(in, (long) rows * columns, out);
    }

    @Override
    public void projectBlocks(
            BlockForm form, long quants, long scales, long minimums, int skipped, int blocks, int shards,
            int outputs, long bytes, long rowScales, long corrections, long sums, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end) {
        VectorProducts.blocks(
                new Product(32 * blocks, shards, outputs, bytes, rows, new Target(out, stride, bias, accumulate)),
                new Blocks(form, quants, scales, minimums, skipped, rowScales, sums), first, end,
                panels.get(), this.sums.get());
    }

    @Override
    public void projectFloats(
            FloatForm form, long weights, int inputs, int shards, int outputs, long in, int rows,
            long out, int stride, long bias, boolean accumulate, int first, int end) {
        VectorProducts.floats(
                new Product(inputs, shards, outputs, in, rows, new Target(out, stride, bias, accumulate)), form,
                weights, first, end, sums.get());
    }

    @Override
    public void normalise(
            long out, long in, int count, int width, boolean centred, float epsilon, long weight, long bias) {
        VectorRows.normalise(out, in, count, width, centred, epsilon, weight, bias, sums.get());
    }

    @Override
    public void append(
            long row, int heads, int kvHeads, int headDim, long queryNorm, long keyNorm, float epsilon,
            long cosines, long sines, int dims, boolean halves,
            long keys, long values, CacheForm form, int blockTokens, int token) {
        long key = row + 4L * heads * headDim;
        if (queryNorm != 0) {
            VectorRows.normalise(row, row, heads, headDim, false, epsilon, queryNorm, 0, sums.get());
        }
        if (keyNorm != 0) {
            VectorRows.normalise(key, key, kvHeads, headDim, false, epsilon, keyNorm, 0, sums.get());
        }
        for (int head = 0; head < heads + kvHeads; head++) {
            VectorRows.turn(row + 4L * head * headDim, cosines, sines, dims, halves);
        }
        VectorRows.putKeysAndValues(
                key, key + 4L * kvHeads * headDim, kvHeads, headDim, keys, values, form, blockTokens, token);
    }

    @Override
    public void attention(
            long out, long row, int rowStride, int rows, int firstPosition, int group, int headDim, int valueDim,
            int kvHeads, int kvHead, long keys, long values, CacheForm form, long blocks, int blockTokens,
            int window, float scale, float cap, long sinks, long scratch) {
        var attention = new VectorAttention(headDim, valueDim, kvHeads, kvHead, keys, values, form, blocks,
                blockTokens, window, scale, cap, scratch, sums.get());
        for (int i = 0; i < rows; i++) {
            for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
                attention.attend(out + 4L * valueDim * ((long) i * kvHeads * group + head),
                        row + 4L * ((long) i * rowStride + (long) head * headDim), firstPosition + i,
                        sinks == 0 ? Float.NaN : Lanes.get(sinks + 4L * head));
            }
        }
    }

    @Override
    public void activate(long out, long in, int rows, int width, boolean gated, Activation activation) {
        VectorRows.activate(out, in, rows, width, gated, activation);
    }

    @Override
    public int argmax(long row, int count) {
        return VectorRows.argmax(row, count);
    }

    @Override
    public float greatest(long logits, int count, boolean masked) {
        return VectorWeighing.greatest(logits, count, masked);
    }

    @Override
    public long weigh(
            long logits, int count, float greatest, float temperature, long masses, long totals, long maxima) {
        return VectorWeighing.weigh(logits, count, greatest, temperature, masses, totals, maxima);
    }

    @Override
    public float computeFloats(long rounds) {
        float sum = 0;
        for (int part = 0; part < Lanes.PARTS; part++) {
            sum += VectorRows.fmaChains(rounds);
        }
        return sum;
    }

    @Override
    public float computeBf16(long rounds) {
        return computeFloats(rounds);
    }

    @Override
    public int bf16Products() {
        return 12 * 16;
    }

    /// As the products of this class multiply integers in f32, their peak rate is that of f32.
    @Override
    public float computeIntegers(long rounds) {
        return computeFloats(rounds);
    }

    @Override
    public int integerProducts() {
        return 12 * 16;
    }

    @Override
    public float read(long address, long count) {
        var most = Lanes.zero();
        for (long i = 0; i < count; i += Lanes.WIDTH) {
            most = most.max(Lanes.load(address + 4 * i));
        }
        return most.lane(0);
    }

    @Override
    public void put(long out, int stride, long in, int inStride, int rows, int width, boolean accumulate) {
        for (int row = 0; row < rows; row++) {
            long to = out + 4L * row * stride;
            long from = in + 4L * row * inStride;
            for (int i = 0; i < width; i++) {
                float value = Lanes.get(from + 4L * i);
                Lanes.set(to + 4L * i, accumulate ? Lanes.get(to + 4L * i) + value : value);
            }
        }
    }
}
