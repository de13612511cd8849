package dev.flover.engine.loading.families;

import static dev.flover.engine.loading.families.TensorRole.ATTENTION_OUT;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.KEY;
import static dev.flover.engine.loading.families.TensorRole.KEY_NORM;
import static dev.flover.engine.loading.families.TensorRole.POSITIONS;
import static dev.flover.engine.loading.families.TensorRole.QUERY;
import static dev.flover.engine.loading.families.TensorRole.QUERY_KEY_VALUE;
import static dev.flover.engine.loading.families.TensorRole.QUERY_NORM;
import static dev.flover.engine.loading.families.TensorRole.VALUE;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.util.List;
import java.util.Set;

/// The Llama family, from which all other families are derived, and its tensor names.
final class LlamaFamily {
    /// llama.cpp's tensor names, which are the same for all families.
    static final TensorNames GGUF = TensorNames.of(List.of(""), """
            EMBEDDING              token_embd
            POSITIONS              position_embd
            FINAL_NORM             output_norm
            HEAD                   output
            ATTENTION_NORM         blk.*.attn_norm
            QUERY                  blk.*.attn_q
            KEY                    blk.*.attn_k
            VALUE                  blk.*.attn_v
            QUERY_KEY_VALUE        blk.*.attn_qkv
            QUERY_NORM             blk.*.attn_q_norm
            KEY_NORM               blk.*.attn_k_norm
            ATTENTION_OUT          blk.*.attn_output
            ATTENTION_POST_NORM    blk.*.post_attention_norm
            FEED_FORWARD_NORM      blk.*.ffn_norm
            GATE                   blk.*.ffn_gate
            UP                     blk.*.ffn_up
            DOWN                   blk.*.ffn_down
            FEED_FORWARD_POST_NORM blk.*.post_ffw_norm""");

    static final TensorNames LLAMA_GGUF = GGUF.without(
            POSITIONS, QUERY_KEY_VALUE, QUERY_NORM, KEY_NORM, ATTENTION_POST_NORM, FEED_FORWARD_POST_NORM);

    static final TensorNames LLAMA_FOLDER = TensorNames.of(List.of("model.", ""), """
                EMBEDDING         embed_tokens
                FINAL_NORM        norm
                HEAD              lm_head
                ATTENTION_NORM    layers.*.input_layernorm
                QUERY             layers.*.self_attn.q_proj
                KEY               layers.*.self_attn.k_proj
                VALUE             layers.*.self_attn.v_proj
                ATTENTION_OUT     layers.*.self_attn.o_proj
                FEED_FORWARD_NORM layers.*.post_attention_layernorm
                GATE              layers.*.mlp.gate_proj
                UP                layers.*.mlp.up_proj
                DOWN              layers.*.mlp.down_proj""");

    /// Llama 1 to 3.x (Touvron et al. 2023), and models with the same file format: TinyLlama, SmolLM, Mistral as GGUF.
    static final Family LLAMA = FamilyBuilder.builder().architectures(List.of("llama"))
            .modelTypes(List.of("llama")).normKind(NormKind.RMS).block(Block.SEQUENTIAL)
            .activation(Activation.SILU).gated(true).ggufPairing(Pairing.ADJACENT).folderPairing(Pairing.HALVES)
            .folderWindows(WindowRule.NO_LAYER).transposed(Set.of()).biased(Set.of())
            .attentionBiased(Set.of(QUERY_KEY_VALUE, QUERY, KEY, VALUE, ATTENTION_OUT)).linearBiased(Set.of())
            .optional(Set.of())
            .configDefaults("{\"rms_norm_eps\": 1e-6, \"rope_theta\": 10000.0, \"max_position_embeddings\": 2048}")
            .onlyWith("{}").tensors(LLAMA_FOLDER).ggufTensors(LLAMA_GGUF).build();

    private LlamaFamily() {}
}
