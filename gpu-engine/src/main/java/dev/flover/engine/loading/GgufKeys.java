package dev.flover.engine.loading;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.GgufMetadata;
import dev.flover.engine.format.GgufValue;
import dev.flover.engine.format.ModelFileException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Decides about the metadata keys of a GGUF architecture that no reader has asked for. A key that changes what the
/// model computes must be used or refused by name; this table lists the keys that are refused and those that may be
/// ignored.
final class GgufKeys {
    /// Keys that change what a model computes, each with the values that change nothing.
    private static final String NEUTRAL = """
            activation_sparsity_scale = 0
            adapters.count = 0
            altup.num_inputs = 0 1
            attention.causal = true
            attention.clamp_kqv = 0
            attention.compress_ratios = 0 1
            attention.decay_lora_rank = 0
            attention.gate_lora_rank = 0
            attention.iclr_lora_rank = 0
            attention.indexer.head_count = 0
            attention.indexer.top_k = 0
            attention.indexer.types = 0
            attention.key_length_mla = 0
            attention.kv_lora_rank = 0
            attention.max_alibi_bias = 0
            attention.output_group_count = 0
            attention.output_lora_rank = 0
            attention.output_scale = 0 1
            attention.q_lora_rank = 0
            attention.recurrent_layers = 0
            attention.relative_buckets_count = 0
            attention.scale = 0
            attention.shared_kv_layers = 0
            attention.temperature_length = 0
            attention.temperature_scale = 0
            attention.value_length_mla = 0
            attention.value_residual_mix_lora_rank = 0
            attention.value_scale = 0 1
            attn_logit_softcapping = 0
            block_size = 0
            convnext.block_count = 0
            decoder_block_count = 0
            embedding_length_per_layer_input = 0
            embedding_scale = 0 1
            expert_count = 0
            final_logit_softcapping = 0
            full_attention_interval = 0 1
            hash_layer_count = 0
            hyper_connection.count = 0 1
            kda.head_dim = 0
            logit_scale = 0 1
            moe_latent_size = 0
            n_deepstack_layers = 0
            nextn_predict_layers = 0
            norm_before_fc = true
            norm_before_residual = true
            num_loops = 0 1
            posnet.block_count = 0
            rescale_every_n_layers = 0
            residual_scale = 0 1
            rope.dimension_sections = 0
            rope.scaling.alpha = 0 1
            rope.scaling.yarn_ext_factor = -1 1
            router_logit_softcapping = 0
            shortconv.l_cache = 0
            skip_loop_final_norm = false
            ssm.conv_kernel = 0
            ssm.dt_b_c_rms = false
            ssm.group_count = 0
            ssm.inner_size = 0
            ssm.state_size = 0
            ssm.time_step_rank = 0
            swiglu_clamp_exp = 0
            swiglu_clamp_shexp = 0
            swin_norm = false
            time_decay_extra_dim = 0
            time_mix_extra_dim = 0
            token_shift_count = 0
            use_parallel_residual = true
            wkv.head_size = 0
            """;

    /// Keys that may be ignored if no reader has asked for them, below the reason.
    private static final String IGNORED = """
            the embedding says how many rows it has:
                vocab_size embedding_length_out features_length
            describes how the weights were made, not their values:
                rope.scaling.finetuned tensor_data_layout
            of embeddings and classifiers, not of text that is generated:
                pooling_type classifier.output_labels dense_2_feat_in dense_2_feat_out dense_3_feat_in
                dense_3_feat_out attention.group_norm_epsilon attention.group_norm_groups decoder_start_token_id
            describes experts in a model without experts, or layers whose tensors tell the same:
                leading_dense_block_count moe_every_n_layers interleave_moe_layer_step
                expert_used_count expert_feed_forward_length expert_shared_feed_forward_length
                expert_chunk_feed_forward_length expert_shared_count expert_group_count expert_group_used_count
                expert_weights_scale expert_weights_norm expert_gating_func expert_group_scale experts_per_group
            belongs to a key that is refused or used, and has no effect without that key:
                deepstack_mapping altup.active_idx adapters.token_ids_activate adapters.token_ids_substitute
                adapters.lora_rank adapters.router_gain attention.indexer.key_length
                attention.indexer.block_size attention.indexer.local_blocks attention.compress_rope_freq_base
                hyper_connection.sinkhorn_iterations hyper_connection.epsilon posnet.embedding_length
                convnext.embedding_length target_layers target_hidden_size
            layers of this family have no window:
                attention.sliding_window attention.sliding_window_pattern attention.key_length_swa
                attention.value_length_swa rope.dimension_count_swa rope.freq_base_swa
            belongs to another method of scaling rotary positions:
                rope.scaling.original_context_length rope.scaling.yarn_beta_fast rope.scaling.yarn_beta_slow
                rope.scaling.yarn_log_multiplier rope.scaling.attn_factor rope.scaling.factor rope.scaling.type
                rope.scale_linear rope.freq_base rope.dimension_count
            llama.cpp computes this value itself and ignores the one in the file:
                rope.scaling.yarn_attn_factor
            the family says which activation it has:
                hidden_activation
            of latent attention, where other keys state a head's own widths, and keys are those of one head:
                attention.key_length attention.value_length attention.head_count_kv
            this family has the other norm:
                attention.layer_norm_epsilon attention.layer_norm_rms_epsilon
            """;

    /// Keys of the tokenizer that change the tokens of a text or an answer, each with the value that changes nothing.
    private static final String NEUTRAL_OF_TOKENIZERS = """
            tokenizer.ggml.add_sep_token = false
            tokenizer.ggml.normalizer.lowercase = false
            tokenizer.ggml.normalizer.strip_accents = false
            tokenizer.ggml.suppress_tokens = -1
            """;

    /// Suggestions for sampling that are not followed, each with the value that suggests nothing.
    private static final String NOT_FOLLOWED = """
            general.sampling.mirostat = 0
            general.sampling.penalty_last_n = -1 4294967295
            general.sampling.sequence = none
            general.sampling.xtc_probability = 0
            """;

    private static final Map<String, List<String>> REFUSED = refused(NEUTRAL);
    private static final Map<String, String> REASONS = reasons(IGNORED);

    private GgufKeys() {}

    private static Map<String, List<String>> refused(String table) {
        var refused = new LinkedHashMap<String, List<String>>();
        table.lines().forEach(line -> {
            String[] entry = line.split(" = ");
            refused.put(entry[0], List.of(entry[1].split(" ")));
        });
        return refused;
    }

    /// Reads a table of keys that may be ignored: lines with a reason, each followed by indented lines with keys.
    static Map<String, String> reasons(String table) {
        var reasons = new LinkedHashMap<String, String>();
        String[] reason = {""};
        table.lines().forEach(line -> {
            if (line.startsWith(" ")) {
                Arrays.stream(line.strip().split(" ")).forEach(key -> reasons.put(key, reason[0]));
            } else {
                reason[0] = line.substring(0, line.length() - 1);
            }
        });
        return reasons;
    }

    /// Whether the key is refused if no reader has asked for it and its value is not neutral.
    static boolean refuses(String key) {
        return REFUSED.containsKey(key);
    }

    /// Why the key may be ignored if no reader has asked for it; empty if it may not.
    static Optional<String> whyIgnored(String key) {
        return Optional.ofNullable(REASONS.get(key));
    }

    /// The reason to refuse a file because of a key.
    static String unsupported(String architecture, String key) {
        return "has metadata " + architecture + "." + key + ", which changes what the model computes and is not"
                + " supported in the architecture " + architecture;
    }

    /// Refuses a file with a key that changes what the model computes and that no reader has asked for.
    ///
    /// @return a warning for each key that is not known here
    /// @throws ModelFileException naming the key
    static List<String> check(GgufFile file, String architecture) {
        String prefix = architecture + ".";
        var metadata = file.metadata();
        for (String key : metadata.neverAsked(prefix)) {
            var neutral = REFUSED.get(key.substring(prefix.length()));
            if (neutral != null && !isNeutral(Objects.requireNonNull(metadata.peek(key)), neutral)) {
                throw new ModelFileException(
                        file.path(), unsupported(architecture, key.substring(prefix.length())));
            }
        }
        changing(metadata, NEUTRAL_OF_TOKENIZERS).findFirst().ifPresent(key -> {
            throw new ModelFileException(file.path(), "has metadata " + key
                    + ", which changes the tokens of texts or answers and is not supported");
        });
        return Stream.concat(
                metadata.neverAsked(prefix).stream()
                        .filter(Predicate.not(key -> refuses(key.substring(prefix.length()))))
                        .filter(key -> whyIgnored(key.substring(prefix.length())).isEmpty())
                        .map(key -> "metadata " + key + " is unknown and ignored"),
                changing(metadata, NOT_FOLLOWED)
                        .map(key -> "metadata " + key + " suggests a way of sampling that is not supported")).toList();
    }

    /// The keys of a table that a file has with other values than the neutral ones.
    private static Stream<String> changing(GgufMetadata metadata, String table) {
        return refused(table).entrySet().stream().filter(entry -> metadata.keys().contains(entry.getKey())
                && !isNeutral(Objects.requireNonNull(metadata.peek(entry.getKey())), entry.getValue()))
                .map(Map.Entry::getKey);
    }

    private static boolean isNeutral(GgufValue value, List<String> neutral) {
        return switch (value) {
            case GgufValue.Whole(long number) -> neutral.contains(Long.toString(number));
            case GgufValue.Real(double number) -> neutral.stream().anyMatch(each -> isNumber(each, number));
            case GgufValue.Flag(boolean flag) -> neutral.contains(Boolean.toString(flag));
            case GgufValue.Wholes(long[] numbers) ->
                Arrays.stream(numbers).allMatch(number -> neutral.contains(Long.toString(number)));
            case GgufValue.Reals(float[] numbers) -> {
                boolean all = true;
                for (float number : numbers) {
                    all &= neutral.stream().anyMatch(each -> isNumber(each, number));
                }
                yield all;
            }
            case GgufValue.Flags(boolean[] flags) -> {
                boolean all = true;
                for (boolean flag : flags) {
                    all &= neutral.contains(Boolean.toString(flag)) || !flag && neutral.contains("0");
                }
                yield all;
            }
            case GgufValue.Text(String text) -> neutral.contains(text);
            case GgufValue.Texts _ -> false;
        };
    }

    private static boolean isNumber(String neutral, double number) {
        return neutral.matches("-?[\\d.]+") && Double.parseDouble(neutral) == number;
    }
}
