package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Decides about the numeric keys of `config.json` that no reader has asked for. A key that changes what a model
/// computes is either used by its family or refused by name (by [#NEVER], and by `onlyWith` of each family). A key
/// that is neither used nor known to be harmless is reported as a warning.
final class ConfigKeys {
    /// JSON: keys that no family here supports, each with the only value that is accepted; a model with another value
    /// is refused.
    static final String NEVER = """
            {"use_alibi": false, "is_encoder_decoder": false, "logits_soft_cap": 0, "scale_emb": 1,
             "scale_depth": 1, "use_mup": false, "mup_enabled": false, "layer_norm_elementwise_affine": true,
             "rope_interleaved": false, "use_parallel_embedding": false, "attn_output_gate": false}""";

    /// Numeric keys that change nothing here: those of training, of how tensors are stored, of ids and sizes that are
    /// read from elsewhere, and those that the shapes of the tensors tell as well.
    private static final Set<String> HARMLESS = words("""
            num_key_value_heads num_kv_heads qk_head_dim num_nextn_predict_layers first_k_dense_replace use_qk_norm
            attention_dropout attn_pdrop embd_pdrop resid_pdrop dropout hidden_dropout embedding_dropout
            classifier_dropout residual_dropout layerdrop activation_dropout summary_first_dropout
            summary_proj_to_labels summary_use_proj initializer_range initializer_factor init_std
            router_aux_loss_coef router_jitter_noise output_router_logits use_cache output_attentions
            output_hidden_states return_dict torchscript gradient_checkpointing pretraining_tp
            attention_softmax_in_fp32 scale_attention_softmax_in_fp32 reorder_and_upcast_attn bos_token_id
            pad_token_id eos_token_id sep_token_id unk_token_id vocab_size num_hidden_layers n_layer sliding_window
            max_window_layers sliding_window_pattern _sliding_window_pattern use_sliding_window
            partial_rotary_factor rotary_pct rope_theta rotary_emb_base rope_local_base_freq rotary_dim
            original_max_position_embeddings n_ctx model_max_length max_sequence_length seq_length
            ep_size aux_loss_alpha seq_aux n_group topk_group head_dim num_experts_per_tok experts_per_token
            initial_context_length
            decoder_sparse_step moe_intermediate_size norm_topk_prob
            shared_expert_intermediate_size top_k top_p temperature num_beams max_length min_length length_penalty
            repetition_penalty do_sample early_stopping num_return_sequences num_beam_groups diversity_penalty
            no_repeat_ngram_size encoder_no_repeat_ngram_size chunk_size_feed_forward typical_p
            remove_invalid_values tie_word_embeddings is_decoder image_token_index image_token_id boi_token_index
            eoi_token_index mm_tokens_per_image vision_start_token_id unsloth_fixed transformers_weights
            n_positions max_position_embeddings query_pre_attn_scalar mlp_bias
            """);

    private ConfigKeys() {}

    private static Set<String> words(String text) {
        return Arrays.stream(text.strip().split("\\s+")).collect(Collectors.toUnmodifiableSet());
    }

    /// Warnings for the numeric keys that no reader has asked for and that are not known to be harmless.
    ///
    /// @param outer  the whole file
    /// @param config the part of the file about the language model; the whole file if there is no such part
    static List<String> warnings(JsonFile outer, JsonFile config) {
        return config.numbersNeverAsked().stream()
                .filter(key -> !outer.wasAsked(key) && !HARMLESS.contains(key))
                .map(key -> "\"" + key + "\" of config.json is unknown and ignored").toList();
    }
}
