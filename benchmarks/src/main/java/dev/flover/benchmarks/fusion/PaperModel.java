package dev.flover.benchmarks.fusion;

import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelBuilder;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.LayerConfig;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfigBuilder;
import dev.flover.engine.model.Weights;
import dev.flover.engine.model.WeightsLayerBuilder;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/// A model of the paper's shapes with random weights in f16, scaled down to fit the machine.
///
/// Matrices with equal numbers of inputs share a pool of random numbers, each from another offset. So the host needs
/// the memory of its largest matrix only, the device that of all.
public final class PaperModel {
    private static final int CONTEXT = 2048;
    private static final int MOST_SHARDS = 8;
    private static final int SHARD_ALIGNMENT = 32;

    /// The number of random values in a pool; matrices with more values repeat them.
    private static final int NOISE = 999_983;
    private static final int OFFSET_BYTES = 64;
    private static final int OFFSETS = 4096;

    private final ModelConfig config;
    private final Arena arena = Arena.ofShared();
    private final Random random;
    private final Map<Integer, MemorySegment> pools = new HashMap<>();
    private int count;

    /// The shapes of the paper at full size.
    public enum Shape {
        GPTJ_6B(4096, 16, 256, 28, 16384, 50400),
        LLAMA_13B(5120, 40, 128, 40, 13824, 32000),
        LLAMA_33B(6656, 52, 128, 60, 17920, 32000);

        private final int hidden;
        private final int heads;
        private final int headDim;
        private final int layers;
        private final int feedForward;
        private final int vocabulary;

        Shape(int hidden, int heads, int headDim, int layers, int feedForward, int vocabulary) {
            this.hidden = hidden;
            this.heads = heads;
            this.headDim = headDim;
            this.layers = layers;
            this.feedForward = feedForward;
            this.vocabulary = vocabulary;
        }

        /// Returns the shape that `--shape` names.
        public static Shape named(String name) {
            for (var shape : values()) {
                if (shape.toString().equals(name)) {
                    return shape;
                }
            }
            throw new IllegalArgumentException("there is no shape " + name);
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private PaperModel(ModelConfig config, long seed) {
        this.config = config;
        random = new Random(seed);
    }

    /// @param divisor divides width, heads, layers and vocabulary
    public static Model of(Shape shape, int divisor, long seed) {
        return new PaperModel(config(shape, divisor), seed).build(shape + (divisor == 1 ? "" : "/" + divisor));
    }

    public static ModelConfig config(Shape shape, int divisor) {
        boolean gptj = shape == Shape.GPTJ_6B;
        int heads = Math.max(1, Math.round((float) shape.heads / divisor));
        int hidden = heads * shape.headDim;
        int wide = Math.max(1, Math.round((float) shape.feedForward * hidden / shape.hidden / 64)) * 64;
        int layers = Math.max(1, Math.round((float) shape.layers / divisor));
        int rotated = gptj ? 64 : shape.headDim;
        var rotary = new Rotary(rotated, Rotary.Pairing.ADJACENT,
                IntStream.range(0, rotated / 2).mapToObj(i -> StrictMath.pow(10000, -2.0 * i / rotated)).toList(), 1);
        return ModelConfigBuilder.builder().architecture(gptj ? "gptj" : "llama").hidden(hidden).heads(heads)
                .kvHeads(heads).headDim(shape.headDim).feedForward(wide)
                .vocabulary(Math.max(64, shape.vocabulary / divisor / 32 * 32)).contextLength(CONTEXT)
                .normKind(gptj ? NormKind.LAYER : NormKind.RMS).normEpsilon(1e-5f)
                .block(gptj ? Block.PARALLEL : Block.SEQUENTIAL)
                .activation(gptj ? Activation.GELU_TANH : Activation.SILU).gated(!gptj).embeddingScale(1)
                .attentionScale((float) (1 / Math.sqrt(shape.headDim)))
                .layers(Collections.nCopies(layers, new LayerConfig(0, rotary))).build();
    }

    private Model build(String name) {
        var layers = config.layers().stream().map(layer -> layer()).toList();
        boolean gptj = config.block() == Block.PARALLEL;
        var weights = new Weights(matrix(Role.EMBEDDING, config.vocabulary(), config.hidden()), null, layers, norm(),
                matrix(Role.HEAD, config.vocabulary(), config.hidden()),
                gptj ? vector(config.vocabulary(), 0, 0.1) : null);
        return ModelBuilder.builder().path(Path.of("random-" + name)).config(config).weights(weights)
                .fingerprint("0000000000000000").endOfText(TokenSet.EMPTY).arena(arena).build();
    }

    private Weights.Layer layer() {
        int hidden = config.hidden();
        int wide = config.feedForward();
        boolean gptj = config.block() == Block.PARALLEL;
        int attentionShards = Math.min(MOST_SHARDS, Integer.lowestOneBit(config.kvHeads()));
        return WeightsLayerBuilder.builder().attentionNorm(norm())
                .queryKeyValue(matrix(Role.QUERY_KEY_VALUE, config.queryWidth() + 2 * config.kvWidth(), hidden))
                .attentionOut(sharded(matrix(Role.ATTENTION_OUT, hidden, config.queryWidth()), attentionShards))
                .feedForwardNorm(gptj ? null : norm())
                .feedForwardIn(matrix(Role.GATE_UP, config.gated() ? 2 * wide : wide, hidden))
                .feedForwardInBias(gptj ? vector(wide, 0, 0.1) : null)
                .feedForwardOut(sharded(matrix(Role.DOWN, hidden, wide), MOST_SHARDS))
                .feedForwardOutBias(gptj ? vector(hidden, 0, 0.1) : null).build();
    }

    /// Returns the matrix with its number of shards, in which each sum over the inputs is split, as for a matrix from a
    /// file.
    private static Matrix sharded(Matrix matrix, int most) {
        int shards = most;
        while (shards > 1 && matrix.inputs() % (shards * SHARD_ALIGNMENT) != 0) {
            shards /= 2;
        }
        return matrix.withShards(shards);
    }

    private Weights.Norm norm() {
        boolean centred = config.normKind() == NormKind.LAYER;
        return new Weights.Norm(vector(config.hidden(), 1, 0.1), centred ? vector(config.hidden(), 0, 0.1) : null);
    }

    private Matrix matrix(Role role, int outputs, int inputs) {
        var pool = pools.computeIfAbsent(inputs, this::pool);
        long bytes = TensorType.F16.rowBytes(inputs) * outputs;
        long offset = (long) OFFSET_BYTES * random.nextInt(OFFSETS);
        return Matrix.of(role, new StoredTensor(
                "random-" + count++, TensorType.F16, outputs, inputs, pool.asSlice(offset, bytes).asReadOnly()));
    }

    /// Draws a pool of normally distributed numbers, with a deviation at which activations neither vanish nor explode.
    private MemorySegment pool(int inputs) {
        var noise = new short[NOISE];
        double deviation = 1.5 / Math.sqrt(inputs);
        for (int i = 0; i < noise.length; i++) {
            noise[i] = Float.floatToFloat16((float) (deviation * random.nextGaussian()));
        }
        int most = IntStream.of(config.vocabulary(), config.queryWidth() + 2 * config.kvWidth(),
                config.feedForward() * 2, config.hidden()).max().orElseThrow();
        long elements = (long) most * inputs + (long) OFFSETS * OFFSET_BYTES / Short.BYTES;
        var pool = arena.allocate(elements * Short.BYTES, OFFSET_BYTES);
        for (long at = 0; at < elements; at += NOISE) {
            MemorySegment.copy(noise, 0, pool, ValueLayout.JAVA_SHORT, at * Short.BYTES,
                    (int) Math.min(NOISE, elements - at));
        }
        return pool;
    }

    private StoredTensor vector(int length, double mean, double deviation) {
        var data = arena.allocate((long) Float.BYTES * length, Float.BYTES);
        for (int i = 0; i < length; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (mean + deviation * random.nextGaussian()));
        }
        return new StoredTensor("random-" + count++, TensorType.F32, 1, length, data.asReadOnly());
    }
}
