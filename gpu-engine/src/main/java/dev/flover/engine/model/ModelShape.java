package dev.flover.engine.model;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.LayerConfig;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.tensor.TensorType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The sizes of a published model without its weights: all that its speed depends on. The shape `tiny` is of no
/// published model; it is for experiments.
///
/// @param name the name by which a person chooses the shape
/// @param tied whether the vocabulary projection is the embedding
public record ModelShape(String name, ModelConfig config, boolean tied) {
    private static final Map<String, ModelShape> KNOWN = new LinkedHashMap<>();

    static {
        add(llama("stories-15m", 288, 6, 6, 6, 48, 768, 32000, 256, 10000), true);
        add(llama("stories-110m", 768, 12, 12, 12, 64, 2048, 32000, 1024, 10000), true);
        add(llama("tinyllama-1.1b", 2048, 22, 32, 4, 64, 5632, 32000, 2048, 10000), false);
        add(llama("llama-1b", 2048, 16, 32, 8, 64, 8192, 128256, 131072, 500000), true);
        add(llama("llama-3b", 3072, 28, 24, 8, 128, 8192, 128256, 131072, 500000), true);
        add(llama("llama-8b", 4096, 32, 32, 8, 128, 14336, 128256, 131072, 500000), false);
        add(gptj(), false);
        add(llama("llama-13b", 5120, 40, 40, 40, 128, 13824, 32000, 2048, 10000), false);
        add(llama("llama-33b", 6656, 60, 52, 52, 128, 17920, 32000, 2048, 10000), false);
        add(llama("llama-65b", 8192, 80, 64, 64, 128, 22016, 32000, 2048, 10000), false);
        add(llama("tiny", 64, 2, 4, 2, 16, 128, 256, 2048, 10000), true);
    }

    /// @throws IllegalArgumentException if there is no shape of this name; the message lists the known names
    public static ModelShape named(String name) {
        var shape = KNOWN.get(name);
        if (shape == null) {
            throw new IllegalArgumentException(
                    "there is no shape named " + name + "; choose one of " + String.join(", ", KNOWN.keySet()));
        }
        return shape;
    }

    public static List<String> names() {
        return List.copyOf(KNOWN.keySet());
    }

    /// A model of this shape with pseudo-random weights. All matrices share one pool of memory, little larger than the
    /// largest matrix.
    ///
    /// @param type F32, F16, BF16, Q8_0 or Q4_0
    /// @param seed determines the weights
    public Model random(TensorType type, long seed) {
        return new RandomWeights(this, type, seed).model();
    }

    /// The number of parameters of the model.
    public long parameters() {
        long layer = (long) config.hidden() * (2L * config.queryWidth() + 2L * config.kvWidth())
                + (long) config.hidden() * config.feedForward() * (config.gated() ? 3 : 2);
        return layer * config.layers().size() + (long) config.vocabulary() * config.hidden() * (tied ? 1 : 2);
    }

    private static void add(ModelConfig config, boolean tied) {
        KNOWN.put(config.architecture(), new ModelShape(config.architecture(), config, tied));
    }

    private static ModelConfig llama(
            String name, int hidden, int layers, int heads, int kvHeads, int headDim, int feedForward, int vocabulary,
            int context, double base) {
        var layer = new LayerConfig(0, rotary(headDim, Rotary.Pairing.HALVES, base));
        return ModelConfigBuilder.builder().architecture(name).hidden(hidden).heads(heads).kvHeads(kvHeads)
                .headDim(headDim).feedForward(feedForward).vocabulary(vocabulary).contextLength(context)
                .normKind(NormKind.RMS).normEpsilon(1e-5f).block(Block.SEQUENTIAL).activation(Activation.SILU)
                .gated(true).embeddingScale(1).attentionScale((float) (1 / Math.sqrt(headDim)))
                .layers(Collections.nCopies(layers, layer)).build();
    }

    private static ModelConfig gptj() {
        var layer = new LayerConfig(0, rotary(64, Rotary.Pairing.ADJACENT, 10000));
        return ModelConfigBuilder.builder().architecture("gpt-j-6b").hidden(4096).heads(16).kvHeads(16)
                .headDim(256).feedForward(16384).vocabulary(50400).contextLength(2048).normKind(NormKind.LAYER)
                .normEpsilon(1e-5f).block(Block.PARALLEL).activation(Activation.GELU_TANH).embeddingScale(1)
                .attentionScale(1 / 16f).layers(Collections.nCopies(28, layer)).build();
    }

    private static Rotary rotary(int dims, Rotary.Pairing pairing, double base) {
        var frequencies = IntStream.range(0, dims / 2).mapToObj(i -> StrictMath.pow(base, -2.0 * i / dims)).toList();
        return new Rotary(dims, pairing, frequencies, 1);
    }
}
