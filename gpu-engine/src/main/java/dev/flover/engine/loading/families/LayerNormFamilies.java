package dev.flover.engine.loading.families;

import static dev.flover.engine.loading.families.LlamaFamily.GGUF;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_FOLDER;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_GGUF;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_NORM;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_OUT;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.DOWN;
import static dev.flover.engine.loading.families.TensorRole.EMBEDDING;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_NORM;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.FINAL_NORM;
import static dev.flover.engine.loading.families.TensorRole.GATE;
import static dev.flover.engine.loading.families.TensorRole.HEAD;
import static dev.flover.engine.loading.families.TensorRole.KEY;
import static dev.flover.engine.loading.families.TensorRole.KEY_NORM;
import static dev.flover.engine.loading.families.TensorRole.POSITIONS;
import static dev.flover.engine.loading.families.TensorRole.QUERY;
import static dev.flover.engine.loading.families.TensorRole.QUERY_KEY_VALUE;
import static dev.flover.engine.loading.families.TensorRole.QUERY_NORM;
import static dev.flover.engine.loading.families.TensorRole.UP;
import static dev.flover.engine.loading.families.TensorRole.VALUE;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The families with layer norms that are not in [Families].
final class LayerNormFamilies {
    private static final TensorNames FUSED_GGUF = GGUF.without(
            QUERY, KEY, VALUE, QUERY_NORM, KEY_NORM, ATTENTION_POST_NORM, GATE, FEED_FORWARD_POST_NORM);

    /// Attention and feed-forward run in parallel on the output of one norm, which has no bias.
    private static final Family COHERE = LLAMA.with(family -> {
        family.architectures(List.of("command-r"));
        family.modelTypes(List.of("cohere"));
        family.normKind(NormKind.LAYER);
        family.block(Block.PARALLEL);
        family.folderPairing(Pairing.ADJACENT);
        family.configDefaults("""
                {"layer_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 8192,
                 "logit_scale": 0.0625, "tie_word_embeddings": true}""");
        family.onlyWith("""
                {"use_qk_norm": false}""");
        family.tensors(LLAMA_FOLDER.without(FEED_FORWARD_NORM));
        family.ggufTensors(LLAMA_GGUF.without(FEED_FORWARD_NORM));
    });

    /// Only the layers with a window have rotary positions.
    private static final Family COHERE2 = COHERE.with(family -> {
        family.architectures(List.of("cohere2"));
        family.modelTypes(List.of("cohere2"));
        family.fullAttentionEvery(4);
        family.rotatesWindowsOnly(true);
        family.folderWindows(true);
        family.ggufWindows(true);
        family.configDefaults("""
                {"layer_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 8192,
                 "logit_scale": 0.0625, "sliding_window": 4096, "tie_word_embeddings": true}""");
        family.onlyWith("{}");
    });

    private static final Family STARCODER2 = LLAMA.with(family -> {
        family.architectures(List.of("starcoder2"));
        family.modelTypes(List.of("starcoder2"));
        family.folderWindows(true);
        family.normKind(NormKind.LAYER);
        family.activation(Activation.GELU_TANH);
        family.gated(false);
        family.ggufPairing(Pairing.HALVES);
        family.biased(Set.of(
                FINAL_NORM, ATTENTION_NORM, FEED_FORWARD_NORM, QUERY, KEY, VALUE, ATTENTION_OUT, UP, DOWN));
        family.linearBiased(Set.of(QUERY, KEY, VALUE, ATTENTION_OUT, UP, DOWN));
        family.configDefaults("""
                {"norm_epsilon": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096,
                 "num_key_value_heads": 2, "hidden_act": "gelu_pytorch_tanh"}""");
        family.tensors(LLAMA_FOLDER
                .without(GATE)
                .with(UP, "layers.*.mlp.c_fc")
                .with(DOWN, "layers.*.mlp.c_proj"));
        family.ggufTensors(LLAMA_GGUF.without(GATE));
    });

    /// The larger models have a second norm, for the feed-forward layer.
    private static final Family FALCON = LLAMA.with(family -> {
        family.architectures(List.of("falcon"));
        family.modelTypes(List.of("falcon"));
        family.normKind(NormKind.LAYER);
        family.block(Block.PARALLEL);
        family.activation(Activation.GELU_ERF);
        family.gated(false);
        family.ggufPairing(Pairing.HALVES);
        family.interleavedHeads(true);
        family.biased(Set.of(FINAL_NORM, ATTENTION_NORM, FEED_FORWARD_NORM));
        family.linearBiased(Set.of(QUERY_KEY_VALUE, ATTENTION_OUT, UP, DOWN));
        family.optional(Set.of(FEED_FORWARD_NORM));
        family.configDefaults("""
                {"layer_norm_epsilon": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 2048,
                 "multi_query": true}""");
        family.onlyWith("""
                {"alibi": false, "parallel_attn": true}""");
        family.tensors(new TensorNames(
                List.of("transformer.", ""),
                Map.ofEntries(
                        Map.entry(EMBEDDING, "word_embeddings"),
                        Map.entry(FINAL_NORM, "ln_f"),
                        Map.entry(HEAD, "lm_head"),
                        Map.entry(ATTENTION_NORM, "h.*.input_layernorm|h.*.ln_attn"),
                        Map.entry(QUERY_KEY_VALUE, "h.*.self_attention.query_key_value"),
                        Map.entry(ATTENTION_OUT, "h.*.self_attention.dense"),
                        Map.entry(FEED_FORWARD_NORM, "h.*.ln_mlp"),
                        Map.entry(UP, "h.*.mlp.dense_h_to_4h"),
                        Map.entry(DOWN, "h.*.mlp.dense_4h_to_h"))));
        // In models with two norms, `attn_norm_2` is the one before attention.
        family.ggufTensors(FUSED_GGUF.without(POSITIONS)
                .with(ATTENTION_NORM, "blk.*.attn_norm_2|blk.*.attn_norm")
                .with(FEED_FORWARD_NORM, "blk.*.attn_norm"));
    });

    private static final Family STABLELM = LLAMA.with(family -> {
        family.architectures(List.of("stablelm"));
        family.modelTypes(List.of("stablelm"));
        family.normKind(NormKind.LAYER);
        family.block(Block.PARALLEL);
        family.ggufPairing(Pairing.HALVES);
        family.biased(Set.of(FINAL_NORM, ATTENTION_NORM, FEED_FORWARD_NORM));
        family.optional(Set.of(FEED_FORWARD_NORM));
        family.configDefaults("""
                {"layer_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096,
                 "partial_rotary_factor": 0.25, "use_qkv_bias": false, "use_parallel_residual": false}""");
        family.onlyWith("""
                {"qk_layernorm": false}""");
    });

    private static final Family PHI = LLAMA.with(family -> {
        family.architectures(List.of("phi2"));
        family.modelTypes(List.of("phi"));
        family.normKind(NormKind.LAYER);
        family.block(Block.PARALLEL);
        family.activation(Activation.GELU_TANH);
        family.gated(false);
        family.ggufPairing(Pairing.HALVES);
        family.biased(Set.of(
                FINAL_NORM, HEAD, ATTENTION_NORM, QUERY, KEY, VALUE, QUERY_KEY_VALUE, ATTENTION_OUT, UP, DOWN));
        family.configDefaults("""
                {"layer_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 2048,
                 "partial_rotary_factor": 0.5, "hidden_act": "gelu_new"}""");
        family.onlyWith("""
                {"qk_layernorm": false}""");
        family.tensors(LLAMA_FOLDER
                .without(FEED_FORWARD_NORM, GATE)
                .with(FINAL_NORM, "final_layernorm")
                .with(ATTENTION_OUT, "layers.*.self_attn.dense")
                .with(UP, "layers.*.mlp.fc1")
                .with(DOWN, "layers.*.mlp.fc2"));
        family.ggufTensors(LLAMA_GGUF
                .without(FEED_FORWARD_NORM, GATE)
                .with(QUERY_KEY_VALUE, "blk.*.attn_qkv"));
    });

    private static final Family NEMOTRON = LLAMA.with(family -> {
        family.architectures(List.of("nemotron"));
        family.modelTypes(List.of("nemotron"));
        family.normKind(NormKind.LAYER);
        family.activation(Activation.RELU_SQUARED);
        family.gated(false);
        family.ggufPairing(Pairing.HALVES);
        family.normOffset(1);
        family.biased(Set.of(FINAL_NORM, ATTENTION_NORM, FEED_FORWARD_NORM));
        family.configDefaults("""
                {"norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096,
                 "partial_rotary_factor": 0.5, "hidden_act": "relu2"}""");
        family.tensors(LLAMA_FOLDER.without(GATE));
        family.ggufTensors(LLAMA_GGUF.without(GATE));
    });

    private static final Family GPT_BIGCODE = LLAMA.with(family -> {
        family.architectures(List.of("starcoder"));
        family.modelTypes(List.of("gpt_bigcode"));
        family.normKind(NormKind.LAYER);
        family.activation(Activation.GELU_TANH);
        family.gated(false);
        family.ggufPairing(null);
        family.folderPairing(null);
        family.interleavedHeads(true);
        family.biased(Set.of(
                FINAL_NORM, ATTENTION_NORM, QUERY_KEY_VALUE, ATTENTION_OUT, FEED_FORWARD_NORM, UP, DOWN));
        family.configDefaults("""
                {"layer_norm_epsilon": 1e-5, "n_positions": 1024, "activation_function": "gelu_pytorch_tanh",
                 "multi_query": true}""");
        family.tensors(new TensorNames(
                List.of("transformer.", ""),
                Map.ofEntries(
                        Map.entry(EMBEDDING, "wte"),
                        Map.entry(POSITIONS, "wpe"),
                        Map.entry(FINAL_NORM, "ln_f"),
                        Map.entry(HEAD, "lm_head"),
                        Map.entry(ATTENTION_NORM, "h.*.ln_1"),
                        Map.entry(QUERY_KEY_VALUE, "h.*.attn.c_attn"),
                        Map.entry(ATTENTION_OUT, "h.*.attn.c_proj"),
                        Map.entry(FEED_FORWARD_NORM, "h.*.ln_2"),
                        Map.entry(UP, "h.*.mlp.c_fc"),
                        Map.entry(DOWN, "h.*.mlp.c_proj"))));
        family.ggufTensors(FUSED_GGUF);
    });

    /// The table of learned positions begins with two unused rows. llama.cpp does not support this architecture.
    private static final Family OPT = LLAMA.with(family -> {
        family.architectures(List.of());
        family.modelTypes(List.of("opt"));
        family.normKind(NormKind.LAYER);
        family.activation(Activation.RELU);
        family.gated(false);
        family.ggufPairing(null);
        family.folderPairing(null);
        family.positionOffset(2);
        family.biased(Set.of(
                FINAL_NORM, ATTENTION_NORM, FEED_FORWARD_NORM, QUERY, KEY, VALUE, ATTENTION_OUT, UP, DOWN));
        family.linearBiased(Set.of(QUERY, KEY, VALUE, ATTENTION_OUT, UP, DOWN));
        family.configDefaults("""
                {"layer_norm_eps": 1e-5, "max_position_embeddings": 2048, "activation_function": "relu"}""");
        family.onlyWith("""
                {"do_layer_norm_before": true, "_remove_final_layer_norm": false,
                 "layer_norm_elementwise_affine": true}""");
        family.tensors(new TensorNames(
                List.of("model.decoder.", "decoder.", ""),
                Map.ofEntries(
                        Map.entry(EMBEDDING, "embed_tokens"),
                        Map.entry(POSITIONS, "embed_positions"),
                        Map.entry(FINAL_NORM, "final_layer_norm"),
                        Map.entry(HEAD, "lm_head"),
                        Map.entry(ATTENTION_NORM, "layers.*.self_attn_layer_norm"),
                        Map.entry(QUERY, "layers.*.self_attn.q_proj"),
                        Map.entry(KEY, "layers.*.self_attn.k_proj"),
                        Map.entry(VALUE, "layers.*.self_attn.v_proj"),
                        Map.entry(ATTENTION_OUT, "layers.*.self_attn.out_proj"),
                        Map.entry(FEED_FORWARD_NORM, "layers.*.final_layer_norm"),
                        Map.entry(UP, "layers.*.fc1"),
                        Map.entry(DOWN, "layers.*.fc2"))));
    });

    static final List<Family> ALL =
            List.of(COHERE, COHERE2, STARCODER2, FALCON, STABLELM, PHI, NEMOTRON, GPT_BIGCODE, OPT);

    private LayerNormFamilies() {}
}
