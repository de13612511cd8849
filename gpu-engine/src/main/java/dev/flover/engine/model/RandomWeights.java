package dev.flover.engine.model;

import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Random;
import java.util.SplittableRandom;

/// Pseudo-random weights for a model shape, as a file would store them.
///
/// ```
///   pool   [ random values, as many as the largest matrix has, and a little more ]
///   layer 0, down      └──────────┘
///   layer 0, gate, up    └──────────────────┘        each matrix is a part of the pool that begins elsewhere
/// ```
///
/// No two matrices have equal content, so that a backend keeps all of them; a model of 8 billion parameters takes 1 GB
/// of host memory here instead of 16.
final class RandomWeights {
    /// The number of places in the pool at which a matrix can begin; they are one stride apart.
    private static final int STARTS = 4096;
    private static final int TABLE = 1 << 16;

    /// Makes each byte odd, so that no stored quant is -128.
    private static final long NOT_LEAST = 0x0101_0101_0101_0101L;

    private final ModelConfig config;
    private final boolean tied;
    private final TensorType type;
    private final Arena arena = Arena.ofShared();
    private final Random random;
    private final MemorySegment pool;
    private final int stride;
    private int count;

    RandomWeights(ModelShape shape, TensorType type, long seed) {
        config = shape.config();
        tied = shape.tied();
        this.type = type;
        random = new Random(seed);
        stride = 64 * type.blockBytes();
        pool = arena.allocate(largestMatrixBytes() + (long) STARTS * stride, 64);
        fill(seed, 1.5 / Math.sqrt(config.hidden()));
    }

    Model model() {
        var embedding = matrix(Role.EMBEDDING, config.vocabulary(), config.hidden());
        var layers = new ArrayList<Weights.Layer>();
        for (int i = 0; i < config.layers().size(); i++) {
            layers.add(layer());
        }
        var head = tied ? embedding : matrix(Role.HEAD, config.vocabulary(), config.hidden());
        var weights = new Weights(embedding, null, layers, norm(), head, null);
        return ModelBuilder.builder().path(Path.of(config.architecture() + " of random " + type)).config(config)
                .weights(weights).fingerprint("0000000000000000").endOfText(TokenSet.EMPTY).arena(arena).build();
    }

    private Weights.Layer layer() {
        int hidden = config.hidden();
        var attentionOut = matrix(Role.ATTENTION_OUT, hidden, config.queryWidth());
        var down = matrix(Role.DOWN, hidden, config.feedForward());
        return WeightsLayerBuilder.builder().attentionNorm(norm())
                .queryKeyValue(matrix(Role.QUERY_KEY_VALUE, config.queryWidth() + 2 * config.kvWidth(), hidden))
                .attentionOut(attentionOut.withShards(KShards.ofHeads(config.heads(), config.headDim())))
                .feedForwardNorm(config.block() == Block.PARALLEL ? null : norm())
                .feedForwardIn(matrix(Role.GATE_UP, config.feedForward() * (config.gated() ? 2 : 1), hidden))
                .feedForwardOut(down.withShards(KShards.ofColumns(config.feedForward()))).build();
    }

    private long largestMatrixBytes() {
        long widest = Math.max(config.vocabulary(), config.feedForward() * (config.gated() ? 2L : 1L));
        widest = Math.max(widest, config.queryWidth() + 2L * config.kvWidth());
        long down = config.hidden() * type.rowBytes(Math.max(config.feedForward(), config.queryWidth()));
        return Math.max(widest * type.rowBytes(config.hidden()), down);
    }

    private Matrix matrix(Role role, int outputs, int inputs) {
        long at = (long) random.nextInt(STARTS) * stride;
        var data = pool.asSlice(at, outputs * type.rowBytes(inputs)).asReadOnly();
        return Matrix.of(role, new StoredTensor("random-" + count++, type, outputs, inputs, data));
    }

    private Weights.Norm norm() {
        return new Weights.Norm(vector(1), config.normKind() == NormKind.LAYER ? vector(0) : null);
    }

    private StoredTensor vector(float value) {
        var data = arena.allocate(4L * config.hidden(), 64);
        for (int i = 0; i < config.hidden(); i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return new StoredTensor("random-" + count++, TensorType.F32, 1, config.hidden(), data.asReadOnly());
    }

    /// Fills the pool. Floats are drawn from a table of normally distributed values; blocks have one scale and uniform
    /// quants.
    private void fill(long seed, double deviation) {
        var bits = new SplittableRandom(seed);
        switch (type) {
            case F32 -> fillFloats(bits, deviation);
            case F16, BF16 -> fillHalves(bits, deviation);
            case Q8_0 -> fillBlocks(bits, (float) (deviation / 73.9)); // 73.9: the standard deviation of uniform bytes
            case Q4_0 -> fillBlocks(bits, (float) (deviation / 4.6)); // 4.6: the standard deviation of uniform nibbles
            default -> throw new IllegalArgumentException(
                    "random weights are F32, F16, BF16, Q8_0 or Q4_0, not " + type);
        }
    }

    private void fillFloats(SplittableRandom bits, double deviation) {
        var table = normal(deviation);
        for (long at = 0; at < pool.byteSize(); at += 4) {
            pool.set(ValueLayout.JAVA_FLOAT, at, table[bits.nextInt() & TABLE - 1]);
        }
    }

    private void fillHalves(SplittableRandom bits, double deviation) {
        var values = normal(deviation);
        var table = new long[TABLE];
        for (int i = 0; i < TABLE; i++) {
            table[i] = 0xFFFF & (type == TensorType.F16
                    ? Float.floatToFloat16(values[i]) : Float.floatToRawIntBits(values[i]) >>> 16);
        }
        for (long at = 0; at < pool.byteSize(); at += 8) {
            long four = bits.nextLong();
            pool.set(ValueLayout.JAVA_LONG, at, table[(int) (four & 0xFFFF)] | table[(int) (four >>> 16 & 0xFFFF)] << 16
                    | table[(int) (four >>> 32 & 0xFFFF)] << 32 | table[(int) (four >>> 48)] << 48);
        }
    }

    private void fillBlocks(SplittableRandom bits, float scale) {
        for (long at = 0; at < pool.byteSize(); at += type.blockBytes()) {
            pool.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(scale));
            for (int quant = 2; quant < type.blockBytes(); quant += 8) {
                pool.set(ValueLayout.JAVA_LONG_UNALIGNED, at + quant, bits.nextLong() | NOT_LEAST);
            }
        }
    }

    private float[] normal(double deviation) {
        var values = new float[TABLE];
        for (int i = 0; i < TABLE; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }
}
