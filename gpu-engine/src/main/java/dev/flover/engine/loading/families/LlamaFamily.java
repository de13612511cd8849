package dev.flover.engine.loading.families;

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

/// The Llama family, from which all other families are derived, and its tensor names.
final class LlamaFamily {
    /// llama.cpp's tensor names, which are the same for all families.
    static final TensorNames GGUF = TensorNames.of(Map.ofEntries(
            Map.entry(EMBEDDING, "token_embd"),
            Map.entry(POSITIONS, "position_embd"),
            Map.entry(FINAL_NORM, "output_norm"),
            Map.entry(HEAD, "output"),
            Map.entry(ATTENTION_NORM, "blk.*.attn_norm"),
            Map.entry(QUERY, "blk.*.attn_q"),
            Map.entry(KEY, "blk.*.attn_k"),
            Map.entry(VALUE, "blk.*.attn_v"),
            Map.entry(QUERY_KEY_VALUE, "blk.*.attn_qkv"),
            Map.entry(QUERY_NORM, "blk.*.attn_q_norm"),
            Map.entry(KEY_NORM, "blk.*.attn_k_norm"),
            Map.entry(ATTENTION_OUT, "blk.*.attn_output"),
            Map.entry(ATTENTION_POST_NORM, "blk.*.post_attention_norm"),
            Map.entry(FEED_FORWARD_NORM, "blk.*.ffn_norm"),
            Map.entry(GATE, "blk.*.ffn_gate"),
            Map.entry(UP, "blk.*.ffn_up"),
            Map.entry(DOWN, "blk.*.ffn_down"),
            Map.entry(FEED_FORWARD_POST_NORM, "blk.*.post_ffw_norm")));

    static final TensorNames LLAMA_GGUF = GGUF.without(
            POSITIONS, QUERY_KEY_VALUE, QUERY_NORM, KEY_NORM, ATTENTION_POST_NORM, FEED_FORWARD_POST_NORM);

    static final TensorNames LLAMA_FOLDER = new TensorNames(
            List.of("model.", ""),
            Map.ofEntries(
                    Map.entry(EMBEDDING, "embed_tokens"),
                    Map.entry(FINAL_NORM, "norm"),
                    Map.entry(HEAD, "lm_head"),
                    Map.entry(ATTENTION_NORM, "layers.*.input_layernorm"),
                    Map.entry(QUERY, "layers.*.self_attn.q_proj"),
                    Map.entry(KEY, "layers.*.self_attn.k_proj"),
                    Map.entry(VALUE, "layers.*.self_attn.v_proj"),
                    Map.entry(ATTENTION_OUT, "layers.*.self_attn.o_proj"),
                    Map.entry(FEED_FORWARD_NORM, "layers.*.post_attention_layernorm"),
                    Map.entry(GATE, "layers.*.mlp.gate_proj"),
                    Map.entry(UP, "layers.*.mlp.up_proj"),
                    Map.entry(DOWN, "layers.*.mlp.down_proj")));

    /// Llama 1 to 3.x (Touvron et al. 2023), and models with the same file format: TinyLlama, SmolLM, Mistral as GGUF.
    static final Family LLAMA = FamilyBuilder.builder().architectures(List.of("llama"))
            .modelTypes(List.of("llama")).normKind(NormKind.RMS).block(Block.SEQUENTIAL)
            .activation(Activation.SILU).gated(true).ggufPairing(Pairing.ADJACENT).folderPairing(Pairing.HALVES)
            .transposed(Set.of()).biased(Set.of())
            .attentionBiased(Set.of(QUERY_KEY_VALUE, QUERY, KEY, VALUE, ATTENTION_OUT)).linearBiased(Set.of())
            .optional(Set.of())
            .configDefaults("{\"rms_norm_eps\": 1e-6, \"rope_theta\": 10000.0, \"max_position_embeddings\": 2048}")
            .onlyWith("{}").tensors(LLAMA_FOLDER).ggufTensors(LLAMA_GGUF).build();

    private LlamaFamily() {}
}
