package dev.flover.engine.loading.families;

import static dev.flover.engine.loading.families.LlamaFamily.LLAMA;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_FOLDER;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_GGUF;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_NORM;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_NORM;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.GATE;
import static dev.flover.engine.loading.families.TensorRole.GATE_UP;
import static dev.flover.engine.loading.families.TensorRole.KEY;
import static dev.flover.engine.loading.families.TensorRole.KEY_NORM;
import static dev.flover.engine.loading.families.TensorRole.QUERY;
import static dev.flover.engine.loading.families.TensorRole.QUERY_NORM;
import static dev.flover.engine.loading.families.TensorRole.UP;
import static dev.flover.engine.loading.families.TensorRole.VALUE;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.util.List;
import java.util.Set;

/// The families with RMS norms that are not in [Families].
final class RmsFamilies {
    private static final Set<TensorRole> QUERY_KEY_AND_VALUE = Set.of(QUERY, KEY, VALUE);

    /// The feed-forward layer uses a squared ReLU and no gate.
    private static final Family ARCEE = LLAMA.with(family -> {
        family.architectures(List.of("arcee"));
        family.modelTypes(List.of("arcee"));
        family.activation(Activation.RELU_SQUARED);
        family.gated(false);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096}""");
        family.tensors(LLAMA_FOLDER.without(GATE));
        family.ggufTensors(LLAMA_GGUF.without(GATE));
    });

    /// Every fourth layer has no rotary positions.
    private static final Family SMOLLM3 = LLAMA.with(family -> {
        family.architectures(List.of("smollm3"));
        family.modelTypes(List.of("smollm3"));
        family.unrotatedEvery(4);
        family.folderWindows(WindowRule.UNROTATED_LAYERS);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 2000000.0, "max_position_embeddings": 32768,
                 "num_key_value_heads": 4, "use_sliding_window": false, "no_rope_layer_interval": 4}""");
    });

    /// The file gives factors for the embeddings, the attention scores, the additions to the residual stream, and the
    /// logits.
    private static final Family GRANITE = LLAMA.with(family -> {
        family.architectures(List.of("granite"));
        family.modelTypes(List.of("granite"));
        family.dividesLogits(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 2048,
                 "embedding_multiplier": 1.0, "logits_scaling": 1.0, "residual_multiplier": 1.0,
                 "attention_multiplier": 1.0}""");
    });

    private static final Family SEED_OSS = LLAMA.with(family -> {
        family.architectures(List.of("seed_oss"));
        family.modelTypes(List.of("seed_oss"));
        family.ggufPairing(Pairing.HALVES);
        family.attentionBiased(QUERY_KEY_AND_VALUE);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 524288,
                 "num_key_value_heads": 8, "head_dim": 128, "attention_bias": true, "attention_out_bias": false}""");
        family.ggufTensors(LLAMA_GGUF.with(FEED_FORWARD_NORM, "blk.*.post_attention_norm"));
    });

    /// Scales queries up with their position, beyond the context of the first training stage.
    private static final Family MINISTRAL3 = LLAMA.with(family -> {
        family.architectures(List.of("mistral3"));
        family.modelTypes(List.of("ministral3", "mistral3"));
        family.folderWindows(WindowRule.EACH_LAYER);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "max_position_embeddings": 262144,
                 "num_key_value_heads": 8}""");
        family.tensors(new TensorNames(
                List.of("model.", "language_model.model.", "model.language_model.", ""), LLAMA_FOLDER.names()));
    });

    /// Norms stand after attention and feed-forward, not before. Queries and keys are normalised over all heads
    /// together.
    private static final Family OLMO2 = LLAMA.with(family -> {
        family.architectures(List.of("olmo2"));
        family.modelTypes(List.of("olmo2"));
        family.ggufPairing(Pairing.HALVES);
        family.windowsUnscaled(true);
        family.ggufWindows(true);
        family.fullAttentionEvery(4);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 2048}""");
        family.tensors(LLAMA_FOLDER
                .without(ATTENTION_NORM, FEED_FORWARD_NORM)
                .with(QUERY_NORM, "layers.*.self_attn.q_norm")
                .with(KEY_NORM, "layers.*.self_attn.k_norm")
                .with(ATTENTION_POST_NORM, "layers.*.post_attention_layernorm")
                .with(FEED_FORWARD_POST_NORM, "layers.*.post_feedforward_layernorm"));
        family.ggufTensors(LLAMA_GGUF
                .without(ATTENTION_NORM, FEED_FORWARD_NORM)
                .with(QUERY_NORM, "blk.*.attn_q_norm")
                .with(KEY_NORM, "blk.*.attn_k_norm")
                .with(ATTENTION_POST_NORM, "blk.*.post_attention_norm")
                .with(FEED_FORWARD_POST_NORM, "blk.*.post_ffw_norm"));
    });

    /// [#OLMO2] with sliding windows. In GGUF files both have the architecture "olmo2".
    private static final Family OLMO3 = OLMO2.with(family -> {
        family.architectures(List.of("olmo2"));
        family.modelTypes(List.of("olmo3"));
        family.folderWindows(WindowRule.LISTED);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 500000.0, "max_position_embeddings": 65536,
                 "sliding_window": 4096}""");
    });

    private static final Family EXAONE4 = OLMO2.with(family -> {
        family.architectures(List.of("exaone4"));
        family.modelTypes(List.of("exaone4"));
        family.folderWindows(WindowRule.LISTED_OR_PATTERN);
        family.windowsUnscaled(false);
        family.rotatesWindowsOnly(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 2048,
                 "num_key_value_heads": 32, "sliding_window": 4096, "sliding_window_pattern": 4}""");
    });

    private static final Family GLM4 = LLAMA.with(family -> {
        family.architectures(List.of("glm4"));
        family.modelTypes(List.of("glm4"));
        family.folderPairing(Pairing.ADJACENT);
        family.attentionBiased(QUERY_KEY_AND_VALUE);
        family.configDefaults("""
                {"rms_norm_eps": 1.5625e-07, "rope_theta": 10000.0, "max_position_embeddings": 131072,
                 "num_key_value_heads": 2, "head_dim": 128, "partial_rotary_factor": 0.5, "attention_bias": false}""");
        family.tensors(LLAMA_FOLDER
                .without(GATE, UP)
                .with(GATE_UP, "layers.*.mlp.gate_up_proj")
                .with(ATTENTION_POST_NORM, "layers.*.post_self_attn_layernorm")
                .with(FEED_FORWARD_POST_NORM, "layers.*.post_mlp_layernorm"));
        family.ggufTensors(LLAMA_GGUF
                .without(GATE, UP)
                .with(GATE_UP, "blk.*.ffn_up")
                .with(ATTENTION_POST_NORM, "blk.*.post_attention_norm")
                .with(FEED_FORWARD_POST_NORM, "blk.*.post_ffw_norm"));
    });

    static final List<Family> ALL =
            List.of(ARCEE, SMOLLM3, GRANITE, SEED_OSS, MINISTRAL3, OLMO2, OLMO3, EXAONE4, GLM4);

    private RmsFamilies() {}
}
