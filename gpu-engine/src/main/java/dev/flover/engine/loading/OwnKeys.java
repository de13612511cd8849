package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.WindowRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The keys of `config.json` that only some families have. In the configuration of another family such a key has no
/// effect, as in the transformers library, and is hidden from the readers.
final class OwnKeys {
    /// In each line: a key; the value that changes nothing, because a family without the key computes in this way; and
    /// the model types that have the key. In a file of another model type, every other value is reported. Where the
    /// line has `-` instead of a value, no value is reported.
    private static final String TABLE = """
            rotary_pct 1 gpt_neox
            rotary_dim - gptj
            rope_local_base_freq - gemma3_text
            no_rope_layers - smollm3
            no_rope_layer_interval - smollm3
            query_pre_attn_scalar - gemma2 gemma3_text
            attn_logit_softcapping 0 gemma2
            final_logit_softcapping 0 gemma2 gemma3_text
            logit_scale 1 cohere cohere2
            logits_scaling 1 granite granitemoe
            embedding_multiplier 1 granite granitemoe
            residual_multiplier 1 granite granitemoe
            attention_multiplier - granite granitemoe
            scale_attn_weights true gpt2 gpt_bigcode
            multi_query - falcon gpt_bigcode
            new_decoder_architecture - falcon
            use_parallel_residual - gpt_neox stablelm
            routed_scaling_factor 1 glm4_moe deepseek_v2 deepseek_v3
            norm_topk_prob - qwen2_moe qwen3_moe olmoe glm4_moe deepseek_v2 deepseek_v3
            n_group 1 glm4_moe deepseek_v2 deepseek_v3
            topk_group 1 glm4_moe deepseek_v2 deepseek_v3
            n_shared_experts 0 glm4_moe deepseek_v2 deepseek_v3
            shared_expert_intermediate_size 0 qwen2_moe
            moe_intermediate_size - qwen2_moe qwen3_moe glm4_moe deepseek_v2 deepseek_v3
            mlp_bias false llama arcee smollm3 granite seed_oss nemotron deepseek_v2
            attention_out_bias false seed_oss
            bias - falcon
            use_bias - starcoder2
            enable_bias - opt
            use_qkv_bias - stablelm
            qkv_bias - qwen2_moe
            hidden_activation - gemma gemma2 gemma3_text
            activation_function - gpt2 gptj gpt_bigcode opt
            activation - falcon
            layer_norm_eps - gpt_neox cohere cohere2 stablelm phi
            layer_norm_epsilon - gpt2 gptj falcon gpt_bigcode
            norm_eps - nemotron
            norm_epsilon - starcoder2
            """;
    /// Keys that most families have, each with the model types that do not.
    private static final String OF_MOST = """
            attention_bias false mistral qwen2 phi3 ministral3 exaone4 gpt2 gptj starcoder2 falcon stablelm phi\
             gpt_bigcode opt mixtral qwen2_moe
            hidden_act - gemma2 gemma3_text gpt2 gptj falcon gpt_bigcode opt
            rms_norm_eps - gpt2 gptj gpt_neox cohere cohere2 starcoder2 falcon stablelm phi nemotron gpt_bigcode opt
            """;

    private static final Set<String> ROTATING_PARTLY =
            Set.of("phi3", "glm4", "gpt_neox", "stablelm", "phi", "nemotron", "glm4_moe");

    private OwnKeys() {}

    private record Entry(String key, String harmless, List<String> types) {
        static List<Entry> of(String table) {
            return table.lines().map(line -> line.split(" "))
                    .map(words -> new Entry(words[0], words[1], Arrays.asList(words).subList(2, words.length)))
                    .toList();
        }

        boolean concerns(Family family) {
            return types.contains(family.modelTypes().getFirst());
        }

        boolean isReported(JsonFile config) {
            return !harmless.equals("-") && config.firstDifference("{\"" + key + "\": " + harmless + "}").isPresent();
        }
    }

    private static final List<Entry> OF_SOME_FAMILIES = Entry.of(TABLE);
    private static final List<Entry> NOT_OF_FAMILIES = Entry.of(OF_MOST);

    /// The keys that other families have and this one does not.
    private static List<Entry> foreign(Family family) {
        var foreign = new ArrayList<>(OF_SOME_FAMILIES.stream()
                .filter(entry -> !entry.concerns(family)).toList());
        foreign.addAll(NOT_OF_FAMILIES.stream().filter(entry -> entry.concerns(family)).toList());
        return foreign;
    }

    /// The configuration without the keys that the family does not have.
    static JsonFile of(JsonFile config, Family family) {
        var hidden = new LinkedHashSet<String>();
        foreign(family).forEach(entry -> hidden.add(entry.key()));
        return config.without(hidden);
    }

    /// Whether models of the family may rotate only a share of a head's dimensions (`partial_rotary_factor`).
    static boolean rotatesPartly(Family family) {
        return ROTATING_PARTLY.contains(family.modelTypes().getFirst());
    }

    /// A warning for each key that would change numbers if the family had it.
    ///
    /// @param config the configuration with all its keys
    static List<String> warnings(JsonFile config, Family family) {
        var keys = new ArrayList<>(foreign(family).stream().filter(entry -> entry.isReported(config))
                .map(Entry::key).toList());
        if (family.folderWindows() == WindowRule.NO_LAYER && config.integer("sliding_window").orElse(0) > 0) {
            keys.add("sliding_window");
        }
        return keys.stream().map(key -> "\"" + key + "\" of config.json has no effect in models of type "
                + family.modelTypes().getFirst()).toList();
    }
}
