package dev.flover.engine.loading.families;

import static dev.flover.engine.loading.families.LlamaFamily.GGUF;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_FOLDER;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_GGUF;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_NORM;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_OUT;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.DOWN;
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
import java.util.Set;

/// The families with layer norms.
final class LayerNormFamilies {
    private static final TensorNames FUSED_GGUF = GGUF.without(
            QUERY, KEY, VALUE, QUERY_NORM, KEY_NORM, ATTENTION_POST_NORM, GATE, FEED_FORWARD_POST_NORM);

    /// The properties of most of these families: layer norms, and a feed-forward layer with GELU and no gate.
    private static final Family LAYER_NORM = LLAMA.with(family -> {
        family.normKind(NormKind.LAYER);
        family.activation(Activation.GELU_TANH);
        family.gated(false);
        family.ggufPairing(Pairing.HALVES);
    });

    private static final Family GPT2 = LAYER_NORM.with(family -> {
        family.architectures(List.of("gpt2"));
        family.modelTypes(List.of("gpt2"));
        family.ggufPairing(null);
        family.folderPairing(null);
        family.transposed(Set.of(QUERY_KEY_VALUE, ATTENTION_OUT, UP, DOWN));
        family.biased(Set.of(
                FINAL_NORM, ATTENTION_NORM, QUERY_KEY_VALUE, ATTENTION_OUT, FEED_FORWARD_NORM, UP, DOWN));
        family.configDefaults("""
                {"layer_norm_epsilon": 1e-5, "n_positions": 1024, "activation_function": "gelu_new"}""");
        family.tensors(TensorNames.of(List.of("transformer.", ""), """
                EMBEDDING         wte
                POSITIONS         wpe
                FINAL_NORM        ln_f
                HEAD              lm_head
                ATTENTION_NORM    h.*.ln_1
                QUERY_KEY_VALUE   h.*.attn.c_attn
                ATTENTION_OUT     h.*.attn.c_proj
                FEED_FORWARD_NORM h.*.ln_2
                UP                h.*.mlp.c_fc
                DOWN              h.*.mlp.c_proj"""));
        family.ggufTensors(FUSED_GGUF);
    });

    /// Attention and feed-forward run in parallel on the output of one norm.
    private static final Family GPTJ = LAYER_NORM.with(family -> {
        family.architectures(List.of("gptj"));
        family.modelTypes(List.of("gptj"));
        family.block(Block.PARALLEL);
        family.ggufPairing(Pairing.ADJACENT);
        family.folderPairing(Pairing.ADJACENT);
        family.biased(Set.of(FINAL_NORM, HEAD, ATTENTION_NORM, UP, DOWN));
        family.configDefaults("""
                {"layer_norm_epsilon": 1e-5, "n_positions": 2048, "rotary_dim": 64, "rope_theta": 10000.0,
                 "activation_function": "gelu_new", "tie_word_embeddings": false}""");
        family.tensors(TensorNames.of(List.of("transformer.", ""), """
                EMBEDDING      wte
                FINAL_NORM     ln_f
                HEAD           lm_head
                ATTENTION_NORM h.*.ln_1
                QUERY          h.*.attn.q_proj
                KEY            h.*.attn.k_proj
                VALUE          h.*.attn.v_proj
                ATTENTION_OUT  h.*.attn.out_proj
                UP             h.*.mlp.fc_in
                DOWN           h.*.mlp.fc_out"""));
        family.ggufTensors(LLAMA_GGUF.without(FEED_FORWARD_NORM, GATE));
    });

    private static final Family GPT_NEOX = LAYER_NORM.with(family -> {
        family.architectures(List.of("gptneox"));
        family.modelTypes(List.of("gpt_neox"));
        family.block(Block.PARALLEL);
        family.activation(Activation.GELU_ERF);
        family.interleavedHeads(true);
        family.biased(Set.of(
                FINAL_NORM, ATTENTION_NORM, QUERY_KEY_VALUE, ATTENTION_OUT, FEED_FORWARD_NORM, UP, DOWN));
        family.configDefaults("""
                {"layer_norm_eps": 1e-5, "max_position_embeddings": 2048, "rotary_emb_base": 10000.0,
                 "rotary_pct": 0.25, "hidden_act": "gelu", "use_parallel_residual": true, "attention_bias": true}""");
        family.tensors(TensorNames.of(List.of("gpt_neox.", ""), """
                EMBEDDING         embed_in
                FINAL_NORM        final_layer_norm
                HEAD              embed_out
                ATTENTION_NORM    layers.*.input_layernorm
                QUERY_KEY_VALUE   layers.*.attention.query_key_value
                ATTENTION_OUT     layers.*.attention.dense
                FEED_FORWARD_NORM layers.*.post_attention_layernorm
                UP                layers.*.mlp.dense_h_to_4h
                DOWN              layers.*.mlp.dense_4h_to_h"""));
        family.ggufTensors(FUSED_GGUF.without(POSITIONS));
    });

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
        family.folderWindows(WindowRule.LISTED_OR_PATTERN);
        family.ggufWindows(true);
        family.configDefaults("""
                {"layer_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 8192,
                 "logit_scale": 0.0625, "sliding_window": 4096, "tie_word_embeddings": true}""");
        family.onlyWith("{}");
    });

    private static final Family STARCODER2 = LAYER_NORM.with(family -> {
        family.architectures(List.of("starcoder2"));
        family.modelTypes(List.of("starcoder2"));
        family.folderWindows(WindowRule.EACH_LAYER);
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
    private static final Family FALCON = LAYER_NORM.with(family -> {
        family.architectures(List.of("falcon"));
        family.modelTypes(List.of("falcon"));
        family.block(Block.PARALLEL);
        family.activation(Activation.GELU_ERF);
        family.interleavedHeads(true);
        family.biased(Set.of(FINAL_NORM, ATTENTION_NORM, FEED_FORWARD_NORM));
        family.linearBiased(Set.of(QUERY_KEY_VALUE, ATTENTION_OUT, UP, DOWN));
        family.optional(Set.of(FEED_FORWARD_NORM));
        family.configDefaults("""
                {"layer_norm_epsilon": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 2048,
                 "multi_query": true}""");
        family.onlyWith("""
                {"parallel_attn": true}""");
        family.tensors(TensorNames.of(List.of("transformer.", ""), """
                EMBEDDING         word_embeddings
                FINAL_NORM        ln_f
                HEAD              lm_head
                ATTENTION_NORM    h.*.input_layernorm|h.*.ln_attn
                QUERY_KEY_VALUE   h.*.self_attention.query_key_value
                ATTENTION_OUT     h.*.self_attention.dense
                FEED_FORWARD_NORM h.*.ln_mlp
                UP                h.*.mlp.dense_h_to_4h
                DOWN              h.*.mlp.dense_4h_to_h"""));
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

    private static final Family PHI = LAYER_NORM.with(family -> {
        family.architectures(List.of("phi2"));
        family.modelTypes(List.of("phi"));
        family.block(Block.PARALLEL);
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

    private static final Family NEMOTRON = LAYER_NORM.with(family -> {
        family.architectures(List.of("nemotron"));
        family.modelTypes(List.of("nemotron"));
        family.activation(Activation.RELU_SQUARED);
        family.normOffset(1);
        family.biased(Set.of(FINAL_NORM, ATTENTION_NORM, FEED_FORWARD_NORM));
        family.configDefaults("""
                {"norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096,
                 "partial_rotary_factor": 0.5, "hidden_act": "relu2"}""");
        family.tensors(LLAMA_FOLDER.without(GATE));
        family.ggufTensors(LLAMA_GGUF.without(GATE));
    });

    private static final Family GPT_BIGCODE = GPT2.with(family -> {
        family.architectures(List.of("starcoder"));
        family.modelTypes(List.of("gpt_bigcode"));
        family.interleavedHeads(true);
        family.transposed(Set.of());
        family.configDefaults("""
                {"layer_norm_epsilon": 1e-5, "n_positions": 1024, "activation_function": "gelu_pytorch_tanh",
                 "multi_query": true}""");
    });

    /// The table of learned positions begins with two unused rows. llama.cpp does not support this architecture.
    private static final Family OPT = LAYER_NORM.with(family -> {
        family.architectures(List.of());
        family.modelTypes(List.of("opt"));
        family.activation(Activation.RELU);
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
        family.tensors(TensorNames.of(List.of("model.decoder.", "decoder.", ""), """
                EMBEDDING         embed_tokens
                POSITIONS         embed_positions
                FINAL_NORM        final_layer_norm
                HEAD              lm_head
                ATTENTION_NORM    layers.*.self_attn_layer_norm
                QUERY             layers.*.self_attn.q_proj
                KEY               layers.*.self_attn.k_proj
                VALUE             layers.*.self_attn.v_proj
                ATTENTION_OUT     layers.*.self_attn.out_proj
                FEED_FORWARD_NORM layers.*.final_layer_norm
                UP                layers.*.fc1
                DOWN              layers.*.fc2"""));
    });

    static final List<Family> ALL =
            List.of(GPT2, GPTJ, GPT_NEOX, COHERE, COHERE2, STARCODER2, FALCON, STABLELM, PHI, NEMOTRON,
                    GPT_BIGCODE, OPT);

    private LayerNormFamilies() {}
}
