package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Decides about the keys of `config.json` that no reader has asked for. A key that changes what a model computes is
/// either used by its family or refused by name (by [#refusal], and by `onlyWith` of each family). A key that is
/// neither used nor known to be harmless is reported as a warning.
final class ConfigKeys {
    /// JSON: keys that no family here supports, each with the only value that is accepted; a model with another value
    /// is refused.
    private static final String NEVER = """
            {"use_alibi": false, "alibi": false, "is_encoder_decoder": false, "logits_soft_cap": 0, "scale_emb": 1,
             "scale_depth": 1, "use_mup": false, "mup_enabled": false, "layer_norm_elementwise_affine": true,
             "rope_interleaved": false, "use_parallel_embedding": false, "attn_output_gate": false,
             "is_causal": true, "rotary": true, "use_mrope": false, "use_logn_attn": false,
             "use_dynamic_ntk": false}""";

    /// The same for the description of rotary positions.
    private static final String NEVER_IN_ROTARY = """
            {"alpha": 1, "short_mscale": 1, "long_mscale": 1, "extrapolation_factor": 1}""";

    /// The keys of the description of rotary positions that are used, or that change nothing for text: `finetuned` says
    /// how weights were made, and the positions of images are divided into sections that are equal for text.
    private static final Set<String> ROTARY = Set.of("rope_type", "type", "rope_theta", "factor",
            "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow", "mscale",
            "mscale_all_dim", "truncate", "short_factor", "long_factor", "low_freq_factor", "high_freq_factor",
            "partial_rotary_factor", "llama_4_scaling_beta", "full_attention", "sliding_attention", "finetuned",
            "mrope_section", "mrope_interleaved", "max_position_embeddings");

    /// Keys that may be ignored if no reader has asked for them, below the reason.
    private static final String IGNORED = """
            the shapes of the tensors tell the same:
                num_key_value_heads num_kv_heads qk_head_dim vocab_size num_hidden_layers n_layer head_dim use_qk_norm
                moe_intermediate_size shared_expert_intermediate_size mlp_bias first_k_dense_replace decoder_sparse_step
                num_nextn_predict_layers n_shared_experts tie_word_embeddings architectures mlp_only_layers
            the family says which activation it has:
                hidden_act hidden_activation activation_function
            read from another key of the file, or has no effect without another key:
                sliding_window max_window_layers sliding_window_pattern _sliding_window_pattern use_sliding_window
                partial_rotary_factor rotary_pct rope_theta rotary_emb_base rope_local_base_freq rotary_dim
                original_max_position_embeddings initial_context_length n_positions max_position_embeddings n_ctx
                model_max_length max_sequence_length seq_length query_pre_attn_scalar n_group topk_group
                num_experts_per_tok experts_per_token norm_topk_prob scoring_func topk_method model_type
                new_decoder_architecture
            of training:
                attention_dropout attn_pdrop embd_pdrop resid_pdrop dropout hidden_dropout embedding_dropout
                classifier_dropout residual_dropout layerdrop activation_dropout initializer_range initializer_factor
                init_std router_aux_loss_coef router_jitter_noise output_router_logits aux_loss_alpha seq_aux
                gradient_checkpointing ep_size tf_legacy_loss use_bfloat16 moe_loss_weight router_z_loss_coef
            of how a program computes or stores, not of what it computes:
                use_cache output_attentions output_hidden_states return_dict torchscript pretraining_tp
                attention_softmax_in_fp32 scale_attention_softmax_in_fp32 reorder_and_upcast_attn dtype torch_dtype
                transformers_version transformers_weights _name_or_path name _commit_hash attn_implementation
                _attn_implementation _attn_implementation_autoset _attn_implementation_internal experts_implementation
                _experts_implementation cache_implementation auto_map tokenizer_class unsloth_fixed unsloth_version
                transformers.js_config is_llama_config use_flash_attn pruned_heads residual_in_fp32 language license
                model_name rope_finetuned fused_mlp fused_attn inference_runner quantization_config
            of token ids and of sampling, which are read from elsewhere:
                bos_token_id pad_token_id eos_token_id sep_token_id unk_token_id cls_token_id mask_token_id
                decoder_start_token_id forced_bos_token_id forced_eos_token_id top_k top_p temperature num_beams
                max_length min_length length_penalty repetition_penalty do_sample early_stopping num_return_sequences
                num_beam_groups diversity_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size typical_p
                remove_invalid_values bad_words_ids suppress_tokens begin_suppress_tokens output_scores
                return_dict_in_generate exponential_decay_length_penalty
            of classifiers, encoders and images:
                summary_first_dropout summary_proj_to_labels summary_use_proj summary_type summary_activation id2label
                label2id problem_type finetuning_task task_specific_params prefix is_decoder chunk_size_feed_forward
                add_cross_attention cross_attention_hidden_size tie_encoder_decoder image_token_index image_token_id
                boi_token_index eoi_token_index boi_token_id eoi_token_id mm_tokens_per_image vision_start_token_id
                vision_end_token_id vision_token_id video_token_id vision_config spatial_merge_size
                vision_feature_layer projector_hidden_act multimodal_projector_bias text_config num_labels
            """;

    private static final Map<String, String> REASONS = GgufKeys.reasons(IGNORED);

    private ConfigKeys() {}

    /// Why the key may be ignored if no reader has asked for it; empty if it may not.
    static Optional<String> whyIgnored(String key) {
        return Optional.ofNullable(REASONS.get(key));
    }

    /// The first key with a value that changes what the model computes and that is not supported, as a clause for an
    /// error message; empty if there is none.
    static Optional<String> refusal(JsonFile config, Family family) {
        return config.firstDifference(NEVER)
                .or(() -> config.object("rope_scaling").or(() -> config.object("rope_parameters"))
                        .flatMap(rotary -> rotary.firstDifference(NEVER_IN_ROTARY)))
                .or(() -> rotaryOfNoLayer(config, family))
                .or(() -> words(family).entrySet().stream()
                        .flatMap(word -> otherWord(config, word.getKey(), word.getValue()).stream()).findFirst());
    }

    /// A description of rotary positions for all layers at once, in a family that describes them for each kind of
    /// layer: nothing says which layers it is about.
    private static Optional<String> rotaryOfNoLayer(JsonFile config, Family family) {
        return config.object("rope_parameters").filter(rotary -> family.localRotaryBase() > 0
                && rotary.object("full_attention").isEmpty() && rotary.object("sliding_attention").isEmpty()
                && rotary.keys().stream().anyMatch(Predicate.not("rope_type"::equals)))
                .map(_ -> "has \"rope_parameters\" without \"full_attention\" and \"sliding_attention\", which models"
                        + " of type " + family(config) + " describe separately");
    }

    /// Keys whose values are words that say how the model computes, each with the words that describe the family.
    private static Map<String, List<String>> words(Family family) {
        var words = new LinkedHashMap<String, List<String>>();
        var norms = family.normKind() == NormKind.RMS
                ? List.of("rms_norm", "rmsnorm") : List.of("layer_norm", "layernorm");
        words.put("norm_type", norms);
        words.put("normalization_type", norms);
        words.put("position_embedding_type", family.learnsPositions()
                ? List.of("absolute", "learned", "learned_absolute") : List.of("rope", "rotary"));
        words.put("mlp_type", List.of(family.gated() ? "gated" : "default"));
        if (family.scoring() != null) {
            boolean softmax = family.scoring() == Scoring.SOFTMAX;
            words.put("scoring_func", List.of(softmax ? "softmax" : "sigmoid"));
            words.put("topk_method", softmax ? List.of("greedy", "group_limited_greedy") : List.of("noaux_tc"));
        }
        return words;
    }

    private static Optional<String> otherWord(JsonFile config, String key, List<String> accepted) {
        return config.text(key).filter(Predicate.not(accepted::contains))
                .map(found -> "sets \"" + key + "\" to \"" + found + "\"; only "
                        + String.join(" and ", accepted.stream().map(word -> "\"" + word + "\"").toList())
                        + (accepted.size() == 1 ? " is" : " are") + " supported in models of type "
                        + family(config));
    }

    private static String family(JsonFile config) {
        return config.text("model_type").orElse("this folder");
    }

    /// Warnings for the keys that no reader has asked for and that are not known to be harmless.
    ///
    /// @param outer  the whole file
    /// @param config the part of the file about the language model; the whole file if there is no such part
    static List<String> warnings(JsonFile outer, JsonFile config) {
        var keys = new LinkedHashSet<>(config.neverAsked());
        keys.addAll(outer.neverAsked());
        var unknown = new ArrayList<>(keys.stream()
                .filter(key -> !outer.wasAsked(key) && !config.wasAsked(key) && !REASONS.containsKey(key))
                .map(key -> "\"" + key + "\" of config.json is unknown and ignored").toList());
        config.object("rope_scaling").or(() -> config.object("rope_parameters")).ifPresent(rotary ->
                addUnknown(rotary, unknown));
        return unknown;
    }

    private static void addUnknown(JsonFile rotary, List<String> unknown) {
        rotary.keys().stream().filter(key -> !ROTARY.contains(key) && !NEVER_IN_ROTARY.contains("\"" + key + "\""))
                .forEach(key -> unknown.add("\"" + key + "\" of the rotary positions in config.json is unknown"
                        + " and ignored"));
        for (String part : List.of("full_attention", "sliding_attention")) {
            rotary.object(part).ifPresent(inner -> addUnknown(inner, unknown));
        }
    }
}
