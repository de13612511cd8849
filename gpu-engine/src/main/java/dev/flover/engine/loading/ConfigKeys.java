package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// What becomes of the numbers in `config.json` that nobody asks for. Keys that change what a model computes are used
/// by their family or refused by name ([#NEVER], and each family's own list); what is neither known to be harmless
/// nor used is told as a warning.
final class ConfigKeys {
    /// What no family here can compute, whatever it is: with any other value the model is refused.
    static final String NEVER = """
            {"use_alibi": false, "is_encoder_decoder": false, "logits_soft_cap": 0, "scale_emb": 1,
             "scale_depth": 1, "use_mup": false, "mup_enabled": false, "layer_norm_elementwise_affine": true,
             "rope_interleaved": false, "use_parallel_embedding": false, "attn_output_gate": false}""";

    /// Numbers that change nothing here: of training, of how tensors are kept, of ids and sizes that stand elsewhere,
    /// and what the tensors themselves say.
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
            num_experts_per_tok decoder_sparse_step moe_intermediate_size norm_topk_prob
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

    /// A warning for each number that nobody has asked for and that is not known to be harmless.
    ///
    /// @param outer  the whole file
    /// @param config its part about the language model; the same content where there is no such part
    static List<String> warnings(JsonFile outer, JsonFile config) {
        return config.numbersNeverAsked().stream()
                .filter(key -> !outer.wasAsked(key) && !HARMLESS.contains(key))
                .map(key -> "\"" + key + "\" of config.json is not known here and not used").toList();
    }
}
