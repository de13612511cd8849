package dev.flover.engine.loading.families;

import static dev.flover.engine.loading.families.LlamaFamily.LLAMA;
import static dev.flover.engine.loading.families.TensorRole.DOWN;
import static dev.flover.engine.loading.families.TensorRole.GATE;
import static dev.flover.engine.loading.families.TensorRole.KEY;
import static dev.flover.engine.loading.families.TensorRole.KEY_DOWN;
import static dev.flover.engine.loading.families.TensorRole.KEY_DOWN_NORM;
import static dev.flover.engine.loading.families.TensorRole.KEY_UP;
import static dev.flover.engine.loading.families.TensorRole.KEY_VALUE_UP;
import static dev.flover.engine.loading.families.TensorRole.QUERY_DOWN;
import static dev.flover.engine.loading.families.TensorRole.QUERY_DOWN_NORM;
import static dev.flover.engine.loading.families.TensorRole.QUERY_UP;
import static dev.flover.engine.loading.families.TensorRole.ROUTER_CORRECTION;
import static dev.flover.engine.loading.families.TensorRole.SHARED_DOWN;
import static dev.flover.engine.loading.families.TensorRole.SHARED_GATE;
import static dev.flover.engine.loading.families.TensorRole.SHARED_UP;
import static dev.flover.engine.loading.families.TensorRole.UP;
import static dev.flover.engine.loading.families.TensorRole.VALUE;
import static dev.flover.engine.loading.families.TensorRole.VALUE_UP;

import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import java.util.List;
import java.util.Set;

/// The families with latent attention. Their first layers have no experts, the others have shared ones, too.
final class LatentFamilies {
    private static final Family DEEPSEEK_V2 = LLAMA.with(family -> {
        family.architectures(List.of("deepseek2"));
        family.modelTypes(List.of("deepseek_v2"));
        family.folderPairing(Pairing.ADJACENT);
        family.attentionBiased(Set.of());
        family.optional(Set.of(QUERY_DOWN, QUERY_DOWN_NORM, QUERY_UP));
        family.scoring(Scoring.SOFTMAX);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 2048, "n_group": 1,
                 "topk_group": 1, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
                 "v_head_dim": 128, "n_shared_experts": 2, "routed_scaling_factor": 1.0}""");
        family.onlyWith("""
                {"attention_bias": false, "mlp_bias": false, "norm_topk_prob": false, "moe_layer_freq": 1,
                 "rms_norm_eps": 1e-6}""");
        family.tensors(ExpertFamilies.EXPERT_FOLDER
                .without(KEY, VALUE)
                .with(QUERY_DOWN, "layers.*.self_attn.q_a_proj")
                .with(QUERY_DOWN_NORM, "layers.*.self_attn.q_a_layernorm")
                .with(QUERY_UP, "layers.*.self_attn.q_b_proj")
                .with(KEY_DOWN, "layers.*.self_attn.kv_a_proj_with_mqa")
                .with(KEY_DOWN_NORM, "layers.*.self_attn.kv_a_layernorm")
                .with(KEY_VALUE_UP, "layers.*.self_attn.kv_b_proj")
                .with(GATE, "layers.*.mlp.gate_proj")
                .with(UP, "layers.*.mlp.up_proj")
                .with(DOWN, "layers.*.mlp.down_proj")
                .with(ROUTER_CORRECTION, "layers.*.mlp.gate.e_score_correction_bias!")
                .with(SHARED_GATE, "layers.*.mlp.shared_experts.gate_proj")
                .with(SHARED_UP, "layers.*.mlp.shared_experts.up_proj")
                .with(SHARED_DOWN, "layers.*.mlp.shared_experts.down_proj"));
        family.ggufTensors(ExpertFamilies.EXPERT_GGUF
                .without(KEY, VALUE)
                .with(QUERY_DOWN, "blk.*.attn_q_a")
                .with(QUERY_DOWN_NORM, "blk.*.attn_q_a_norm")
                .with(QUERY_UP, "blk.*.attn_q_b")
                .with(KEY_DOWN, "blk.*.attn_kv_a_mqa")
                .with(KEY_DOWN_NORM, "blk.*.attn_kv_a_norm")
                .with(KEY_VALUE_UP, "blk.*.attn_kv_b")
                .with(KEY_UP, "blk.*.attn_k_b")
                .with(VALUE_UP, "blk.*.attn_v_b")
                .with(GATE, "blk.*.ffn_gate")
                .with(UP, "blk.*.ffn_up")
                .with(DOWN, "blk.*.ffn_down")
                .with(ROUTER_CORRECTION, "blk.*.exp_probs_b.bias!")
                .with(SHARED_GATE, "blk.*.ffn_gate_shexp")
                .with(SHARED_UP, "blk.*.ffn_up_shexp")
                .with(SHARED_DOWN, "blk.*.ffn_down_shexp"));
    });

    /// Scores experts by a sigmoid, and adds a correction when it selects them. In GGUF files both families have the
    /// architecture "deepseek2", and the file says how experts are scored.
    private static final Family DEEPSEEK_V3 = DEEPSEEK_V2.with(family -> {
        family.modelTypes(List.of("deepseek_v3"));
        family.scoring(Scoring.SIGMOID);
        family.normalisesExperts(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 4096, "n_group": 8,
                 "topk_group": 4, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
                 "qk_rope_head_dim": 64, "v_head_dim": 128, "n_shared_experts": 1, "n_routed_experts": 256,
                 "num_experts_per_tok": 8, "routed_scaling_factor": 2.5, "norm_topk_prob": true}""");
        family.onlyWith("""
                {"attention_bias": false, "rope_interleave": true, "moe_layer_freq": 1, "rms_norm_eps": 1e-6}""");
    });

    static final List<Family> ALL = List.of(DEEPSEEK_V2, DEEPSEEK_V3);

    private LatentFamilies() {}
}
