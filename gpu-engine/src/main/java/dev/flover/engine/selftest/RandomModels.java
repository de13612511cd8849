package dev.flover.engine.selftest;

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
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// Small models with pseudo-random weights, made in memory.
final class RandomModels {
    static final int VOCABULARY = 97;
    static final int CONTEXT = 640;

    private final Arena arena = Arena.ofShared();
    private final RandomTensors tensors;
    private final TensorType type;

    private RandomModels(long seed, TensorType type) {
        tensors = new RandomTensors(seed, arena);
        this.type = type;
    }

    /// A model like Llama and Mistral: grouped queries, SwiGLU, and a window in the second layer.
    static Model llama(long seed, TensorType type) {
        var rotary = rotary(16, Rotary.Pairing.HALVES);
        return new RandomModels(seed, type).build(ModelConfigBuilder.builder().architecture("llama").hidden(64)
                .heads(4).kvHeads(2).headDim(16).feedForward(128).vocabulary(VOCABULARY).contextLength(CONTEXT)
                .normKind(NormKind.RMS).normEpsilon(1e-5f).block(Block.SEQUENTIAL).activation(Activation.SILU)
                .gated(true).embeddingScale(1).attentionScale(0.25f)
                .layers(List.of(new LayerConfig(0, rotary), new LayerConfig(40, rotary))).build(), false);
    }

    /// A model like GPT-NeoX: parallel blocks, layer norms, biases, and rotary positions for part of a head.
    static Model neox(long seed, TensorType type) {
        var rotary = rotary(8, Rotary.Pairing.ADJACENT);
        return new RandomModels(seed, type).build(ModelConfigBuilder.builder().architecture("gpt_neox").hidden(64)
                .heads(4).kvHeads(4).headDim(16).feedForward(128).vocabulary(VOCABULARY).contextLength(CONTEXT)
                .normKind(NormKind.LAYER).normEpsilon(1e-5f).block(Block.PARALLEL)
                .activation(Activation.GELU_TANH).embeddingScale(1).attentionScale(0.25f)
                .layers(List.of(new LayerConfig(0, rotary), new LayerConfig(0, rotary))).build(), true);
    }

    private Model build(ModelConfig config, boolean biases) {
        int hidden = config.hidden();
        var layers = config.layers().stream().map(layer -> layer(config, biases)).toList();
        var weights = new Weights(
                matrix(Role.EMBEDDING, VOCABULARY, hidden, 1), null, layers, norm(hidden, biases),
                matrix(Role.HEAD, VOCABULARY, hidden, 4 / Math.sqrt(hidden)), null);
        return ModelBuilder.builder().path(Path.of("random-" + config.architecture())).config(config)
                .weights(weights).fingerprint("0000000000000000").endOfText(TokenSet.EMPTY).arena(arena).build();
    }

    private Weights.Layer layer(ModelConfig config, boolean biases) {
        int hidden = config.hidden();
        int all = config.queryWidth() + 2 * config.kvWidth();
        int wide = config.feedForward() * (config.gated() ? 2 : 1);
        return WeightsLayerBuilder.builder().attentionNorm(norm(hidden, biases))
                .queryKeyValue(projection(Role.QUERY_KEY_VALUE, all, hidden))
                .queryKeyValueBias(biases ? tensors.vector(all, 0, 0.2) : null)
                .attentionOut(projection(Role.ATTENTION_OUT, hidden, config.queryWidth()).withShards(2))
                .attentionOutBias(biases ? tensors.vector(hidden, 0, 0.2) : null)
                .feedForwardNorm(norm(hidden, biases)).feedForwardIn(projection(Role.GATE_UP, wide, hidden))
                .feedForwardInBias(biases ? tensors.vector(wide, 0, 0.2) : null)
                .feedForwardOut(projection(Role.DOWN, hidden, config.feedForward()).withShards(4))
                .feedForwardOutBias(biases ? tensors.vector(hidden, 0, 0.2) : null).build();
    }

    private Matrix projection(Role role, int outputs, int inputs) {
        return matrix(role, outputs, inputs, 2 / Math.sqrt(inputs));
    }

    private Matrix matrix(Role role, int outputs, int inputs, double deviation) {
        return Matrix.of(role, tensors.matrix(type, outputs, inputs, deviation));
    }

    private Weights.Norm norm(int width, boolean bias) {
        return new Weights.Norm(tensors.vector(width, 1, 0.1), bias ? tensors.vector(width, 0, 0.1) : null);
    }

    static Rotary rotary(int dims, Rotary.Pairing pairing) {
        var frequencies = IntStream.range(0, dims / 2).mapToObj(i -> StrictMath.pow(10000, -2.0 * i / dims)).toList();
        return new Rotary(dims, pairing, frequencies, 1);
    }
}
