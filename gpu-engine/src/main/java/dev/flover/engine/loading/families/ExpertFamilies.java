package dev.flover.engine.loading.families;

import static dev.flover.engine.loading.families.LlamaFamily.LLAMA;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_FOLDER;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_GGUF;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_OUT;
import static dev.flover.engine.loading.families.TensorRole.DOWN;
import static dev.flover.engine.loading.families.TensorRole.EXPERT_DOWN;
import static dev.flover.engine.loading.families.TensorRole.EXPERT_GATE;
import static dev.flover.engine.loading.families.TensorRole.EXPERT_GATE_UP;
import static dev.flover.engine.loading.families.TensorRole.EXPERT_UP;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_NORM;
import static dev.flover.engine.loading.families.TensorRole.GATE;
import static dev.flover.engine.loading.families.TensorRole.KEY;
import static dev.flover.engine.loading.families.TensorRole.KEY_NORM;
import static dev.flover.engine.loading.families.TensorRole.QUERY;
import static dev.flover.engine.loading.families.TensorRole.QUERY_NORM;
import static dev.flover.engine.loading.families.TensorRole.ROUTER;
import static dev.flover.engine.loading.families.TensorRole.ROUTER_CORRECTION;
import static dev.flover.engine.loading.families.TensorRole.SHARED_DOWN;
import static dev.flover.engine.loading.families.TensorRole.SHARED_GATE;
import static dev.flover.engine.loading.families.TensorRole.SHARED_ROUTER;
import static dev.flover.engine.loading.families.TensorRole.SHARED_UP;
import static dev.flover.engine.loading.families.TensorRole.SINKS;
import static dev.flover.engine.loading.families.TensorRole.UP;
import static dev.flover.engine.loading.families.TensorRole.VALUE;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import java.util.List;
import java.util.Set;

/// The families with a mixture of experts in place of the feed-forward layers.
final class ExpertFamilies {
    static final TensorNames EXPERT_GGUF = LLAMA_GGUF
            .without(GATE, UP, DOWN)
            .with(ROUTER, "blk.*.ffn_gate_inp")
            .with(EXPERT_GATE, "blk.*.ffn_gate_exps")
            .with(EXPERT_UP, "blk.*.ffn_up_exps")
            .with(EXPERT_DOWN, "blk.*.ffn_down_exps");

    static final TensorNames EXPERT_FOLDER = LLAMA_FOLDER
            .without(GATE, UP, DOWN)
            .with(ROUTER, "layers.*.mlp.gate")
            .with(EXPERT_GATE, "layers.*.mlp.experts.#.gate_proj")
            .with(EXPERT_UP, "layers.*.mlp.experts.#.up_proj")
            .with(EXPERT_DOWN, "layers.*.mlp.experts.#.down_proj");

    /// In GGUF files, Mixtral has the architecture "llama".
    private static final Family MIXTRAL = LLAMA.with(family -> {
        family.architectures(List.of("llama"));
        family.modelTypes(List.of("mixtral"));
        family.folderWindows(WindowRule.EACH_LAYER);
        family.scoring(Scoring.SOFTMAX);
        family.normalisesExperts(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 1000000.0, "max_position_embeddings": 131072,
                 "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2}""");
        family.tensors(EXPERT_FOLDER
                .with(ROUTER, "layers.*.block_sparse_moe.gate")
                .with(EXPERT_GATE, "layers.*.block_sparse_moe.experts.#.w1")
                .with(EXPERT_UP, "layers.*.block_sparse_moe.experts.#.w3")
                .with(EXPERT_DOWN, "layers.*.block_sparse_moe.experts.#.w2"));
        family.ggufTensors(EXPERT_GGUF);
    });

    /// Has one shared expert beside the routed ones, whose output is scaled for each row by a gate.
    private static final Family QWEN2_MOE = LLAMA.with(family -> {
        family.architectures(List.of("qwen2moe"));
        family.modelTypes(List.of("qwen2_moe"));
        family.folderWindows(WindowRule.ODD_LOWER_LAYERS);
        family.ggufPairing(Pairing.HALVES);
        family.biased(Set.of(QUERY, KEY, VALUE));
        family.scoring(Scoring.SOFTMAX);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 32768,
                 "use_sliding_window": false, "max_window_layers": 28, "norm_topk_prob": false,
                 "num_experts": 60, "num_experts_per_tok": 4, "moe_intermediate_size": 1408,
                 "shared_expert_intermediate_size": 5632}""");
        family.tensors(EXPERT_FOLDER
                .with(GATE, "layers.*.mlp.gate_proj")
                .with(UP, "layers.*.mlp.up_proj")
                .with(DOWN, "layers.*.mlp.down_proj")
                .with(SHARED_GATE, "layers.*.mlp.shared_expert.gate_proj")
                .with(SHARED_UP, "layers.*.mlp.shared_expert.up_proj")
                .with(SHARED_DOWN, "layers.*.mlp.shared_expert.down_proj")
                .with(SHARED_ROUTER, "layers.*.mlp.shared_expert_gate"));
        family.ggufTensors(EXPERT_GGUF
                .with(SHARED_GATE, "blk.*.ffn_gate_shexp")
                .with(SHARED_UP, "blk.*.ffn_up_shexp")
                .with(SHARED_DOWN, "blk.*.ffn_down_shexp")
                .with(SHARED_ROUTER, "blk.*.ffn_gate_inp_shexp"));
    });

    private static final Family QWEN3_MOE = LLAMA.with(family -> {
        family.architectures(List.of("qwen3moe"));
        family.modelTypes(List.of("qwen3_moe"));
        family.folderWindows(WindowRule.EACH_LAYER_IF_USED);
        family.ggufPairing(Pairing.HALVES);
        family.scoring(Scoring.SOFTMAX);
        family.normalisesExperts(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 32768,
                 "num_key_value_heads": 4, "use_sliding_window": false, "norm_topk_prob": false,
                 "num_experts_per_tok": 8, "moe_intermediate_size": 768}""");
        family.tensors(EXPERT_FOLDER
                .with(GATE, "layers.*.mlp.gate_proj")
                .with(UP, "layers.*.mlp.up_proj")
                .with(DOWN, "layers.*.mlp.down_proj")
                .with(QUERY_NORM, "layers.*.self_attn.q_norm")
                .with(KEY_NORM, "layers.*.self_attn.k_norm"));
        family.ggufTensors(EXPERT_GGUF
                .with(QUERY_NORM, "blk.*.attn_q_norm")
                .with(KEY_NORM, "blk.*.attn_k_norm"));
    });

    /// Normalises queries and keys over all heads together, not for each head.
    private static final Family OLMOE = QWEN3_MOE.with(family -> {
        family.architectures(List.of("olmoe"));
        family.modelTypes(List.of("olmoe"));
        family.folderWindows(WindowRule.NO_LAYER);
        family.normalisesExperts(false);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096,
                 "norm_topk_prob": false, "num_experts": 64, "num_experts_per_tok": 8}""");
        family.tensors(EXPERT_FOLDER
                .with(QUERY_NORM, "layers.*.self_attn.q_norm")
                .with(KEY_NORM, "layers.*.self_attn.k_norm"));
    });

    private static final Family GRANITE_MOE = LLAMA.with(family -> {
        family.architectures(List.of("granitemoe"));
        family.modelTypes(List.of("granitemoe"));
        family.dividesLogits(true);
        family.scoring(Scoring.SOFTMAX);
        family.normalisesExperts(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 2048,
                 "embedding_multiplier": 1.0, "logits_scaling": 1.0, "residual_multiplier": 1.0,
                 "attention_multiplier": 1.0, "num_local_experts": 8, "num_experts_per_tok": 2}""");
        family.tensors(EXPERT_FOLDER
                .without(EXPERT_GATE, EXPERT_UP)
                .with(ROUTER, "layers.*.block_sparse_moe.router.layer")
                .with(EXPERT_GATE_UP, "layers.*.block_sparse_moe.input_linear")
                .with(EXPERT_DOWN, "layers.*.block_sparse_moe.output_linear"));
        family.ggufTensors(EXPERT_GGUF);
    });

    /// The first layers have no experts. The router adds a correction to the probabilities when it selects experts. As
    /// in llama.cpp, a GGUF file says whether the weights of experts are normalised; if it does not say, they are not.
    private static final Family GLM4_MOE = LLAMA.with(family -> {
        family.architectures(List.of("glm4moe"));
        family.modelTypes(List.of("glm4_moe"));
        family.ggufPairing(Pairing.HALVES);
        family.attentionBiased(Set.of(QUERY, KEY, VALUE));
        family.optional(Set.of(QUERY_NORM, KEY_NORM));
        family.scoring(Scoring.SIGMOID);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 131072,
                 "num_key_value_heads": 8, "partial_rotary_factor": 0.5, "n_group": 1, "topk_group": 1,
                 "num_experts_per_tok": 8, "n_shared_experts": 1, "n_routed_experts": 128,
                 "moe_intermediate_size": 1408, "norm_topk_prob": true, "routed_scaling_factor": 1.0}""");
        family.tensors(EXPERT_FOLDER
                .with(GATE, "layers.*.mlp.gate_proj")
                .with(UP, "layers.*.mlp.up_proj")
                .with(DOWN, "layers.*.mlp.down_proj")
                .with(QUERY_NORM, "layers.*.self_attn.q_norm")
                .with(KEY_NORM, "layers.*.self_attn.k_norm")
                .with(ROUTER_CORRECTION, "layers.*.mlp.gate.e_score_correction_bias!")
                .with(SHARED_GATE, "layers.*.mlp.shared_experts.gate_proj")
                .with(SHARED_UP, "layers.*.mlp.shared_experts.up_proj")
                .with(SHARED_DOWN, "layers.*.mlp.shared_experts.down_proj"));
        family.ggufTensors(EXPERT_GGUF
                .with(FEED_FORWARD_NORM, "blk.*.post_attention_norm")
                .with(GATE, "blk.*.ffn_gate")
                .with(UP, "blk.*.ffn_up")
                .with(DOWN, "blk.*.ffn_down")
                .with(QUERY_NORM, "blk.*.attn_q_norm")
                .with(KEY_NORM, "blk.*.attn_k_norm")
                .with(ROUTER_CORRECTION, "blk.*.exp_probs_b.bias!")
                .with(SHARED_GATE, "blk.*.ffn_gate_shexp")
                .with(SHARED_UP, "blk.*.ffn_up_shexp")
                .with(SHARED_DOWN, "blk.*.ffn_down_shexp"));
    });

    /// Every other layer has a window, and each head a sink: a score without a value in the softmax of attention. The
    /// published weights of the experts are 4-bit floats.
    private static final Family GPT_OSS = LLAMA.with(family -> {
        family.architectures(List.of("gpt-oss"));
        family.modelTypes(List.of("gpt_oss"));
        family.activation(Activation.CLAMPED_SWIGLU);
        family.activationFixed(true);
        family.ggufPairing(Pairing.HALVES);
        family.fullAttentionEvery(2);
        family.folderWindows(WindowRule.LISTED);
        family.ggufWindows(true);
        family.yarnUntruncated(true);
        family.biased(Set.of(QUERY, KEY, VALUE, ATTENTION_OUT, ROUTER));
        family.transposed(Set.of(EXPERT_GATE_UP, EXPERT_DOWN));
        family.interleavedGates(true);
        family.scoring(Scoring.SOFTMAX);
        family.normalisesExperts(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 150000.0, "max_position_embeddings": 131072, "head_dim": 64,
                 "num_key_value_heads": 8, "sliding_window": 128, "num_local_experts": 128, "num_experts_per_tok": 4,
                 "attention_bias": true}""");
        family.onlyWith("{\"swiglu_limit\": 7.0, \"swiglu_alpha\": 1.702}");
        family.tensors(EXPERT_FOLDER
                .without(EXPERT_GATE, EXPERT_UP)
                .with(SINKS, "layers.*.self_attn.sinks!")
                .with(ROUTER, "layers.*.mlp.router")
                .with(EXPERT_GATE_UP, "layers.*.mlp.experts.gate_up_proj!")
                .with(EXPERT_DOWN, "layers.*.mlp.experts.down_proj!"));
        family.ggufTensors(EXPERT_GGUF
                .with(SINKS, "blk.*.attn_sinks")
                .with(FEED_FORWARD_NORM, "blk.*.post_attention_norm"));
    });

    static final List<Family> ALL = List.of(MIXTRAL, QWEN2_MOE, QWEN3_MOE, OLMOE, GRANITE_MOE, GLM4_MOE, GPT_OSS);

    private ExpertFamilies() {}
}
