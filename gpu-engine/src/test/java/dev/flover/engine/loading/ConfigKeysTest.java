package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.families.Families;
import dev.flover.engine.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigKeysTest {
    @TempDir
    Path folder;

    /// Words, flags and objects that published folders of these families have beside the keys of the current
    /// transformers library, with their usual values. A test of [GgufKeysTest] walks the keys that the library writes.
    @ParameterizedTest
    @ValueSource(strings = {
            // GPT-J 6B, GPT-2
            "gptj: 'rotary': true, 'gradient_checkpointing': false, 'tokenizer_class': 'GPT2Tokenizer', "
                    + "'summary_type': 'cls_index', 'task_specific_params': {'text-generation': {'do_sample': true}}",
            // Llama 2 and 3, SmolLM, DeepSeek's distillations
            "llama: '_name_or_path': 'meta', 'torch_dtype': 'bfloat16', 'pretraining_tp': 1, 'use_cache': false, "
                    + "'rope_interleaved': false, 'is_llama_config': true, 'transformers.js_config': {'dtype': 'q4'}",
            "qwen2: 'use_mrope': false, 'use_sliding_window': false, 'architectures': ['Qwen2ForCausalLM']",
            // Gemma 2, Phi-3, StarCoder 2
            "gemma2: 'cache_implementation': 'hybrid', '_attn_implementation_autoset': true",
            "phi3: 'auto_map': {'AutoConfig': 'configuration_phi3.Phi3Config'}, 'sliding_window': 7",
            "starcoder2: 'norm_type': 'layer_norm', 'mlp_type': 'default', 'residual_dropout': 0.1",
            // mixtures of experts
            "deepseek_v2: 'scoring_func': 'softmax', 'topk_method': 'group_limited_greedy', 'seq_aux': true",
            "deepseek_v3: 'scoring_func': 'sigmoid', 'topk_method': 'noaux_tc', 'ep_size': 1",
            "qwen3_moe: 'mlp_only_layers': [], 'decoder_sparse_step': 1, 'rope_scaling': null"})
    void keysOfPublishedFoldersAreUsedOrIgnoredForAReason(String entry) throws IOException {
        assertThat(opened(entry).warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "llama: 'norm_type': 'layer_norm'", "starcoder2: 'norm_type': 'rms_norm'",
            "llama: 'position_embedding_type': 'nope'", "gpt2: 'position_embedding_type': 'relative_key'",
            "starcoder2: 'mlp_type': 'gated'", "mixtral: 'scoring_func': 'sigmoid'",
            "glm4_moe: 'scoring_func': 'softmax'", "deepseek_v2: 'topk_method': 'noaux_tc'",
            "deepseek_v3: 'topk_method': 'greedy'", "llama: 'hidden_act': 'mish'",
            "exaone4: 'layer_types': ['linear_attention', 'linear_attention', 'linear_attention', 'linear_attention',"
                    + " 'linear_attention', 'linear_attention', 'linear_attention']",
            "llama: 'partial_rotary_factor': 0.5", "deepseek_v2: 'rms_norm_eps': 0.1", "llama: 'is_causal': false",
            "gptj: 'rotary': false", "falcon: 'alibi': true", "qwen2: 'use_mrope': true",
            "llama: 'rope_scaling': {'rope_type': 'default', 'alpha': 1000.0}",
            "llama: 'rope_scaling': {'rope_type': 'xpos', 'factor': 2.0}",
            "llama: 'rope_scaling': {'type': 'longrope', 'factor': 2.0, 'short_mscale': 1.1}"})
    void aWordThatSaysAnotherComputationIsRefusedByName(String entry) {
        String[] parts = entry.split("'");
        boolean inner = entry.contains("rope_scaling");
        String named = !inner ? parts[1] : entry.contains("xpos") ? "xpos" : entry.contains("alpha") ? "alpha"
                : "short_mscale";
        String shown = parts[1].equals("hidden_act") ? "mish"
                : parts[1].equals("layer_types") ? "linear_attention" : named;

        assertThatThrownBy(() -> opened(entry)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("\"" + shown + "\"").hasMessageContaining("supported");
    }

    @Test
    void aKeyThatNobodyKnowsIsAWarningWhateverItsValue() throws IOException {
        assertThat(opened("llama: 'word': 'x', 'flag': false, 'number': 7, 'list': ['x'], 'object': {'x': 1}, "
                + "'none': null, 'empty': []").warnings()).containsExactly(
                        unknown("word"), unknown("flag"), unknown("number"), unknown("list"), unknown("object"));
        assertThat(opened("llama: 'rope_scaling': {'rope_type': 'default', 'novel': 1}").warnings())
                .containsExactly("\"novel\" of the rotary positions in config.json is unknown and ignored");
    }

    @Test
    void aWindowThatLayersOfTheFamilyDoNotHaveIsAWarning() throws IOException {
        assertThat(opened("llama: 'sliding_window': null").warnings()).isEmpty();
        assertThat(opened("llama: 'sliding_window': 32").warnings()).containsExactly(
                "\"sliding_window\" of config.json has no effect in models of type llama");
    }

    @Test
    void rotaryPositionsOfAllLayersAreRefusedWhereEachKindOfLayerHasItsOwn() throws IOException {
        opened("gemma3_text: 'rope_theta': 5000.0");
        var config = folder.resolve("config.json");
        String text = Files.readString(config).replaceFirst("(\"rope_parameters\": )\\{.*?}}", "$1%s");
        assertThat(text).contains("%s");
        Files.writeString(config, text.formatted("{\"rope_type\": \"default\"}"));
        assertThat(ModelLoader.inspect(folder, 0).warnings()).isEmpty();

        Files.writeString(config, text.formatted("{\"rope_type\": \"linear\", \"factor\": 4.0}"));
        assertThatThrownBy(() -> ModelLoader.inspect(folder, 0)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("has \"rope_parameters\" without \"full_attention\" and \"sliding_attention\"");
    }

    /// Each key changes numbers in the family that has it.
    @ParameterizedTest
    @ValueSource(strings = {
            "'attn_logit_softcapping': 5.0", "'final_logit_softcapping': 3.0", "'logit_scale': 0.5",
            "'logits_scaling': 2.0", "'embedding_multiplier': 3.0", "'residual_multiplier': 0.3",
            "'rotary_pct': 0.25", "'scale_attn_weights': false"})
    void aKeyOfAnotherFamilyHasNoEffectAndIsAWarning(String key) throws IOException {
        assertThat(opened("mistral: " + key).warnings()).singleElement().asString()
                .isEqualTo("\"" + key.split("'")[1] + "\" of config.json has no effect in models of type mistral");
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "'no_rope_layer_interval': 2", "'no_rope_layers': [0, 0, 0, 0, 0, 0, 0]", "'rotary_dim': 4",
            "'attention_multiplier': 0.05", "'embedding_multiplier': 3.0",
            "'residual_multiplier': 0.3", "'attn_logit_softcapping': 5.0", "'final_logit_softcapping': 3.0",
            "'logit_scale': 2.0", "'layer_norm_eps': 0.1", "'bias': true", "'attention_bias': true"})
    void aModelWithAKeyOfAnotherFamilyIsComputedAsWithoutIt(String key) throws IOException {
        var plain = config("'vocab_size': 48");
        assertThat(config(key)).isEqualTo(plain);
    }

    private ModelConfig config(String key) throws IOException {
        opened("qwen2: " + key);
        try (var model = ModelLoader.open(folder)) {
            return model.config();
        }
    }

    private static String unknown(String key) {
        return "\"" + key + "\" of config.json is unknown and ignored";
    }

    /// @param entry a family, and keys that its config.json has, with ' in place of "
    private ModelSummary opened(String entry) throws IOException {
        String[] parts = entry.split(": ", 2);
        TinyFolder.write(folder, Families.ofModelType(folder, parts[0]));
        var config = folder.resolve("config.json");
        String keys = parts[1].replace('\'', '"');
        String text = Files.readString(config);
        if (keys.startsWith("\"rope_scaling\"")) {
            text = text.replaceFirst("\"rope_parameters\": \\{[^}]*}", "\"rope_theta\": 5000.0");
        }
        Files.writeString(config, text.replaceFirst("\"head_dim\"", keys + ", \"head_dim\""));
        return ModelLoader.inspect(folder, 0);
    }
}
