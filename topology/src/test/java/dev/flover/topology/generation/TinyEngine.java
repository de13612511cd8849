package dev.flover.topology.generation;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.LayerConfig;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfigBuilder;
import dev.flover.engine.model.ModelShape;
import dev.flover.engine.tensor.TensorType;
import java.util.List;
import java.util.stream.IntStream;

/// An engine with a real but tiny model of random weights, whose tokens are bytes.
final class TinyEngine {
    private TinyEngine() {}

    static Model model() {
        var rotary = new Rotary(16, Rotary.Pairing.HALVES, IntStream.range(0, 8).mapToObj(i -> 1.0 / (i + 1)).toList(),
                1);
        var config = ModelConfigBuilder.builder().architecture("tiny").hidden(32).heads(2).kvHeads(1).headDim(16)
                .feedForward(64).vocabulary(257).contextLength(512).normKind(ModelConfig.NormKind.RMS)
                .normEpsilon(1e-5f).block(ModelConfig.Block.SEQUENTIAL).activation(ModelConfig.Activation.SILU)
                .gated(true).embeddingScale(1).attentionScale(0.25f).layers(List.of(new LayerConfig(0, rotary)))
                .build();
        return new ModelShape("tiny", config, false).random(TensorType.F32, 3);
    }

    /// @param blocks the number of KV blocks of 8 positions each; with few of them, sequences preempt each other
    static TokenEngine start(Model model, int slots, int blocks) {
        return TokenEngine.of(Engine.start(model, new ReferenceBackend(),
                EngineConfig.of(slots, 16).withPrefillChunk(8).withBlockTokens(8).withKvBlocks(blocks)));
    }
}
