package dev.flover.engine.model;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.LayerConfig;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Models with random weights, small enough for the reference backend to compute thousands of rows in a second.
///
/// Every width is a multiple of 32, the block size of Q8_0.
public final class TinyModels {
    public static final int VOCABULARY = 96;
    public static final int CONTEXT = 160;

    private final Random random;
    private final Arena arena = Arena.ofShared();
    private final TensorType matrices;
    private int count;

    private TinyModels(long seed, TensorType matrices) {
        random = new Random(seed);
        this.matrices = matrices;
    }

    /// A model like Llama: grouped-query attention, RMS norms, SwiGLU, rotary positions over adjacent pairs. The second
    /// layer has a window of 24 positions.
    ///
    /// @param matrices F32, F16, BF16 or Q8_0
    public static Model llama(long seed, TensorType matrices) {
        var rotary = rotary(16, Rotary.Pairing.ADJACENT);
        var config = ModelConfigBuilder.builder().architecture("llama").hidden(64).heads(4).kvHeads(2).headDim(16)
                .feedForward(128).vocabulary(VOCABULARY).contextLength(CONTEXT).normKind(NormKind.RMS)
                .normEpsilon(1e-5f).block(Block.SEQUENTIAL).activation(Activation.SILU).gated(true)
                .embeddingScale(1).attentionScale(0.25f)
                .layers(List.of(new LayerConfig(0, rotary), new LayerConfig(24, rotary))).build();
        return new TinyModels(seed, matrices).build(config, false, false);
    }

    /// A model like GPT-NeoX: parallel blocks, layer norms, biases everywhere, and rotary positions over halves for
    /// part of a head.
    public static Model neox(long seed) {
        var rotary = rotary(8, Rotary.Pairing.HALVES);
        var config = ModelConfigBuilder.builder().architecture("gpt_neox").hidden(64).heads(4).kvHeads(4)
                .headDim(16).feedForward(128).vocabulary(VOCABULARY).contextLength(CONTEXT)
                .normKind(NormKind.LAYER).normEpsilon(1e-5f).block(Block.PARALLEL).activation(Activation.GELU_ERF)
                .embeddingScale(1).attentionScale(0.25f)
                .layers(List.of(new LayerConfig(0, rotary), new LayerConfig(0, rotary))).build();
        return new TinyModels(seed, TensorType.F32).build(config, true, false);
    }

    /// A model like GPT-2, with learned positions.
    public static Model gpt2(long seed) {
        var config = ModelConfigBuilder.builder().architecture("gpt2").hidden(64).heads(4).kvHeads(4).headDim(16)
                .feedForward(128).vocabulary(VOCABULARY).contextLength(CONTEXT).normKind(NormKind.LAYER)
                .normEpsilon(1e-5f).block(Block.SEQUENTIAL).activation(Activation.GELU_TANH).embeddingScale(1)
                .attentionScale(0.25f).layers(List.of(new LayerConfig(0, null), new LayerConfig(0, null))).build();
        return new TinyModels(seed, TensorType.F32).build(config, true, false);
    }

    /// A model like Gemma 2 and 3: norms after attention and feed-forward, soft caps, alternating windows, scaled
    /// embeddings, and norms of queries and keys.
    public static Model gemma(long seed) {
        var rotary = rotary(16, Rotary.Pairing.HALVES);
        var config = ModelConfigBuilder.builder().architecture("gemma2").hidden(64).heads(4).kvHeads(2)
                .headDim(16).feedForward(128).vocabulary(VOCABULARY).contextLength(CONTEXT).normKind(NormKind.RMS)
                .normEpsilon(1e-6f).block(Block.SEQUENTIAL).activation(Activation.GELU_TANH).gated(true)
                .embeddingScale(8).attentionScale(0.25f).attentionSoftCap(20).logitSoftCap(12)
                .layers(List.of(new LayerConfig(16, rotary), new LayerConfig(0, rotary))).build();
        return new TinyModels(seed, TensorType.F32).build(config, false, true);
    }

    /// A copy of a model with another context length, for models with rotary positions.
    public static Model withContext(Model model, int contextLength) {
        var old = model.config();
        var config = old.withContextLength(contextLength);
        return model.withConfig(config);
    }

    /// As [#llama], but the embedding of one token is NaN.
    public static Model poisoned(long seed, int token) {
        var model = llama(seed, TensorType.F32);
        var whole = model.weights().embedding().ranges().getFirst().tensor();
        var data = model.arena().allocate(whole.data().byteSize(), 64).copyFrom(whole.data());
        data.set(ValueLayout.JAVA_FLOAT, token * whole.rowBytes(), Float.NaN);
        var embedding = Matrix.of(Role.EMBEDDING,
                new StoredTensor("poisoned", TensorType.F32, whole.rows(), whole.columns(), data.asReadOnly()));
        var old = model.weights();
        var weights = new Weights(
                embedding, old.positions(), old.layers(), old.finalNorm(), old.head(), old.headBias());
        return model.withWeights(weights);
    }

    private Model build(ModelConfig config, boolean biases, boolean gemma) {
        var embedding = Matrix.of(Role.EMBEDDING, matrix(config.vocabulary(), config.hidden(), 1));
        var layers = new ArrayList<Weights.Layer>();
        for (int i = 0; i < config.layers().size(); i++) {
            layers.add(layer(config, biases, gemma));
        }
        boolean learned = config.layers().getFirst().rotary() == null;
        var weights = new Weights(
                embedding,
                learned ? Matrix.of(Role.POSITIONS, matrix(config.contextLength(), config.hidden(), 0.5)) : null,
                layers,
                norm(config.hidden(), biases),
                Matrix.of(Role.HEAD, matrix(config.vocabulary(), config.hidden(), 4 / Math.sqrt(config.hidden()))),
                biases ? vector(config.vocabulary(), 0, 0.1) : null);
        return ModelBuilder.builder().path(Path.of("tiny-" + config.architecture())).config(config)
                .weights(weights).fingerprint("0123456789abcdef").endOfText(TokenSet.EMPTY).arena(arena).build();
    }

    private Weights.Layer layer(ModelConfig config, boolean biases, boolean gemma) {
        int hidden = config.hidden();
        int all = config.queryWidth() + 2 * config.kvWidth();
        int wide = config.feedForward() * (config.gated() ? 2 : 1);
        return WeightsLayerBuilder.builder().attentionNorm(norm(hidden, biases))
                .queryKeyValue(Matrix.of(Role.QUERY_KEY_VALUE,
                        projection(config.queryWidth(), hidden),
                        projection(config.kvWidth(), hidden),
                        projection(config.kvWidth(), hidden)))
                .queryKeyValueBias(biases ? vector(all, 0, 0.2) : null)
                .queryNorm(gemma ? norm(config.headDim(), false) : null)
                .keyNorm(gemma ? norm(config.headDim(), false) : null)
                .attentionOut(Matrix.of(Role.ATTENTION_OUT, projection(hidden, config.queryWidth())).withShards(2))
                .attentionOutBias(biases ? vector(hidden, 0, 0.2) : null)
                .attentionPostNorm(gemma ? norm(hidden, false) : null).feedForwardNorm(norm(hidden, biases))
                .feedForwardIn(Matrix.of(Role.GATE_UP, projection(wide, hidden)))
                .feedForwardInBias(biases ? vector(wide, 0, 0.2) : null)
                .feedForwardOut(Matrix.of(Role.DOWN, projection(hidden, config.feedForward())).withShards(4))
                .feedForwardOutBias(biases ? vector(hidden, 0, 0.2) : null)
                .feedForwardPostNorm(gemma ? norm(hidden, false) : null).build();
    }

    private static Rotary rotary(int dims, Rotary.Pairing pairing) {
        var frequencies = IntStream.range(0, dims / 2).mapToObj(i -> StrictMath.pow(10000, -2.0 * i / dims)).toList();
        return new Rotary(dims, pairing, frequencies, 1);
    }

    private StoredTensor projection(int outputs, int inputs) {
        return matrix(outputs, inputs, 2 / Math.sqrt(inputs));
    }

    private Weights.Norm norm(int width, boolean bias) {
        return new Weights.Norm(vector(width, 1, 0.1), bias ? vector(width, 0, 0.1) : null);
    }

    private StoredTensor vector(int length, double mean, double deviation) {
        return floats(1, length, mean, deviation);
    }

    private StoredTensor matrix(int rows, int columns, double deviation) {
        return switch (matrices) {
            case Q8_0 -> bytes(rows, columns, deviation);
            case F32 -> floats(rows, columns, 0, deviation);
            case F16, BF16 -> shorts(rows, columns, deviation);
            default -> throw new IllegalArgumentException("tiny models are F32, F16, BF16 or Q8_0, not " + matrices);
        };
    }

    private StoredTensor shorts(int rows, int columns, double deviation) {
        var data = arena.allocate(2L * rows * columns, 64);
        for (int i = 0; i < rows * columns; i++) {
            float value = (float) (deviation * random.nextGaussian());
            data.setAtIndex(ValueLayout.JAVA_SHORT, i, matrices == TensorType.F16
                    ? Float.floatToFloat16(value) : (short) (Float.floatToRawIntBits(value) >>> 16));
        }
        return new StoredTensor("tensor-" + count++, matrices, rows, columns, data.asReadOnly());
    }

    private StoredTensor floats(int rows, int columns, double mean, double deviation) {
        var data = arena.allocate(4L * rows * columns, 64);
        for (int i = 0; i < rows * columns; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (mean + deviation * random.nextGaussian()));
        }
        return new StoredTensor("tensor-" + count++, TensorType.F32, rows, columns, data.asReadOnly());
    }

    private StoredTensor bytes(int rows, int columns, double deviation) {
        int blocks = rows * columns / 32;
        var data = arena.allocate(34L * blocks, 64);
        for (int block = 0; block < blocks; block++) {
            float scale = (float) (deviation / 40 * (0.75 + 0.5 * random.nextDouble()));
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 34L * block, Float.floatToFloat16(scale));
            for (int i = 0; i < 32; i++) {
                int value = (int) Math.max(-127, Math.min(127, Math.round(40 * random.nextGaussian())));
                data.set(ValueLayout.JAVA_BYTE, 34L * block + 2 + i, (byte) value);
            }
        }
        return new StoredTensor("tensor-" + count++, TensorType.Q8_0, rows, columns, data.asReadOnly());
    }
}
