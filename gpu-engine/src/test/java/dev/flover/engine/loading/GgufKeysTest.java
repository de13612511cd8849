package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.RandomFamilies;
import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.JsonFile;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.families.Families;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufKeysTest {
    /// All metadata keys of architectures that llama.cpp's loader and gguf-py know (`llama-arch.cpp`, `constants.py`).
    private static final String WRITTEN = """
                activation_sparsity_scale adapters.count adapters.lora_rank adapters.router_gain
                adapters.token_ids_activate adapters.token_ids_substitute altup.active_idx altup.num_inputs
                attention.causal attention.clamp_kqv attention.compress_ratios attention.compress_rope_freq_base
                attention.decay_lora_rank attention.gate_lora_rank attention.group_norm_epsilon
                attention.group_norm_groups attention.head_count attention.head_count_kv
                attention.iclr_lora_rank attention.indexer.block_size attention.indexer.head_count
                attention.indexer.key_length attention.indexer.local_blocks attention.indexer.top_k
                attention.indexer.types attention.key_length attention.key_length_mla attention.key_length_swa
                attention.kv_lora_rank attention.layer_norm_epsilon attention.layer_norm_rms_epsilon
                attention.max_alibi_bias attention.output_group_count attention.output_lora_rank
                attention.output_scale attention.q_lora_rank attention.recurrent_layers
                attention.relative_buckets_count attention.scale attention.shared_kv_layers
                attention.sliding_window attention.sliding_window_pattern attention.temperature_length
                attention.temperature_scale attention.value_length attention.value_length_mla
                attention.value_length_swa attention.value_residual_mix_lora_rank attention.value_scale
                attn_logit_softcapping block_count block_size classifier.output_labels context_length
                convnext.block_count convnext.embedding_length decoder_block_count decoder_start_token_id
                deepstack_mapping dense_2_feat_in dense_2_feat_out dense_3_feat_in dense_3_feat_out
                embedding_length embedding_length_out embedding_length_per_layer_input embedding_scale
                expert_chunk_feed_forward_length expert_count expert_feed_forward_length expert_gating_func
                expert_group_count expert_group_scale expert_group_used_count expert_shared_count
                expert_shared_feed_forward_length expert_used_count expert_weights_norm expert_weights_scale
                experts_per_group features_length feed_forward_length final_logit_softcapping
                full_attention_interval hash_layer_count hidden_activation hyper_connection.count
                hyper_connection.epsilon hyper_connection.sinkhorn_iterations interleave_moe_layer_step
                kda.head_dim leading_dense_block_count logit_scale moe_every_n_layers moe_latent_size
                n_deepstack_layers nextn_predict_layers norm_before_fc norm_before_residual num_loops
                pooling_type posnet.block_count posnet.embedding_length rescale_every_n_layers residual_scale
                rope.dimension_count rope.dimension_count_swa rope.dimension_sections rope.freq_base
                rope.freq_base_swa rope.scale_linear rope.scaling.alpha rope.scaling.attn_factor
                rope.scaling.factor rope.scaling.finetuned rope.scaling.original_context_length
                rope.scaling.type rope.scaling.yarn_attn_factor rope.scaling.yarn_beta_fast
                rope.scaling.yarn_beta_slow rope.scaling.yarn_ext_factor rope.scaling.yarn_log_multiplier
                router_logit_softcapping shortconv.l_cache skip_loop_final_norm ssm.conv_kernel ssm.dt_b_c_rms
                ssm.group_count ssm.inner_size ssm.state_size ssm.time_step_rank swiglu_clamp_exp
                swiglu_clamp_shexp swin_norm target_hidden_size target_layers tensor_data_layout
                time_decay_extra_dim time_mix_extra_dim token_shift_count use_parallel_residual vocab_size
                wkv.head_size
            """;

    /// The keys that the reader asks for in every family.
    private static final Set<String> ALWAYS_USED = Set.of("context_length", "embedding_length", "block_count",
            "feed_forward_length", "attention.head_count", "attention.head_count_kv", "attention.key_length",
            "attention.value_length");

    @TempDir
    Path folder;

    @Test
    void everyKeyThatConvertersWriteIsUsedRefusedOrIgnoredForAReason() {
        for (String key : WRITTEN.strip().split("\\s+")) {
            boolean used = ALWAYS_USED.contains(key);
            boolean ignored = GgufKeys.whyIgnored(key).isPresent();
            assertThat(used || ignored || GgufKeys.refuses(key)).as(key + " is in the table").isTrue();
            assertThat(ignored && GgufKeys.refuses(key)).as(key + " is both ignored and refused").isFalse();
        }
    }

    @Test
    void aKeyThatChangesNumbersIsRefusedByNameUnlessItsValueChangesNone() {
        for (String key : new String[] {"attention.max_alibi_bias", "attention.clamp_kqv", "attention.q_lora_rank",
            // used in other architectures
            "attention.scale", "attention.temperature_scale", "attn_logit_softcapping", "embedding_scale",
            "final_logit_softcapping", "logit_scale", "residual_scale"}) {
            assertThat(opened(new Entry(key, 0)).warnings()).isEmpty();
            assertThatThrownBy(() -> opened(new Entry(key, 8))).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("has metadata llama." + key + ", which changes what the model computes");
        }
    }

    @Test
    void aKeyThatNobodyKnowsIsAWarningAndOneThatMayBeIgnoredIsNone() {
        assertThat(opened(new Entry("vocab_size", 258)).warnings()).isEmpty();
        assertThat(opened(new Entry("novel_trick", 7)).warnings()).singleElement().asString()
                .isEqualTo("metadata llama.novel_trick is unknown and ignored");
    }

    @Test
    void aWindowThatLayersOfTheArchitectureDoNotHaveIsAWarning() {
        assertThat(opened(new Entry("attention.sliding_window", 0)).warnings()).isEmpty();
        assertThat(opened(new Entry("attention.sliding_window", 8)).warnings()).containsExactly(
                "metadata llama.attention.sliding_window is 8 and is ignored, because layers of this architecture"
                        + " have no window");
    }

    @Test
    void anEpsilonIsThatOfTheArchitecturesKindOfNorm() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "starcoder2"));
        var writer = GgufConversion.writer(folder).put("starcoder2.attention.layer_norm_epsilon", 1e-3f)
                .put("starcoder2.attention.layer_norm_rms_epsilon", 0.5f);
        try (var model = ModelLoader.open(writer.write(folder.resolve("model.gguf")))) {
            assertThat(model.config().normEpsilon()).isEqualTo(1e-3f);
        }
    }

    @Test
    void keysOfExpertsHaveNoEffectInAFileWithoutExperts() {
        var writer = TinyLlama.of(TensorType.F32, 1).writer();
        for (String key : new String[] {"expert_used_count", "expert_feed_forward_length", "expert_gating_func",
                "expert_weights_scale", "expert_group_count", "expert_shared_count"}) {
            writer.put("llama." + key, 7);
        }
        writer.put("llama.expert_weights_norm", true);
        assertThat(ModelLoader.inspect(writer.write(folder.resolve("model.gguf")), 0).warnings()).isEmpty();

        var file = writer.remove("llama.feed_forward_length").write(folder.resolve("no-width.gguf"));
        assertThatThrownBy(() -> ModelLoader.inspect(file, 0)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("has no metadata llama.feed_forward_length");
    }

    @Test
    void aFileThatChoosesExpertsInAnotherWayThanItsArchitectureIsRefused() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "qwen3_moe"));
        var usual = GgufConversion.writer(folder).put("qwen3moe.expert_gating_func", 1)
                .put("qwen3moe.expert_weights_norm", true).put("qwen3moe.expert_weights_scale", 1f);
        var routing = ModelLoader.inspect(usual.write(folder.resolve("usual.gguf")), 0).config().routing();
        assertThat(routing.scoring()).isEqualTo(Scoring.SOFTMAX);
        assertThat(routing.normalised()).isTrue();
        assertThat(routing.scale()).isOne();

        refusesExperts("expert_gating_func", GgufConversion.writer(folder).put("qwen3moe.expert_gating_func", 2));
        refusesExperts("expert_weights_norm", GgufConversion.writer(folder).put("qwen3moe.expert_weights_norm", false));
        refusesExperts("expert_weights_scale", GgufConversion.writer(folder).put("qwen3moe.expert_weights_scale", 2f));
    }

    /// As in llama.cpp: architectures that read such a key do not normalise the weights of experts without it, and of
    /// those that do not read it some always normalise them.
    @ParameterizedTest
    @CsvSource({
        "deepseek_v2, deepseek2, SOFTMAX, false", "deepseek_v3, deepseek2, SOFTMAX, false",
        "glm4_moe, glm4moe, SIGMOID, false", "gpt_oss, gpt-oss, SOFTMAX, true",
        "granitemoe, granitemoe, SOFTMAX, true", "mixtral, llama, SOFTMAX, true", "olmoe, olmoe, SOFTMAX, false",
        "qwen2_moe, qwen2moe, SOFTMAX, false", "qwen3_moe, qwen3moe, SOFTMAX, true"})
    void withoutKeysOfExpertsAnArchitectureChoosesThemAsInLlamaCpp(
            String modelType, String architecture, Scoring scoring, boolean normalised) throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, modelType));
        var writer = GgufConversion.writer(folder);
        for (String key : new String[] {"expert_gating_func", "expert_weights_norm", "expert_weights_scale",
                "expert_group_count", "expert_group_used_count"}) {
            writer.remove(architecture + "." + key);
        }
        var routing = ModelLoader.inspect(writer.write(folder.resolve("model.gguf")), 0).config().routing();
        assertThat(routing.scoring()).isEqualTo(scoring);
        assertThat(routing.normalised()).isEqualTo(normalised);
        assertThat(routing.scale()).isOne();
        assertThat(routing.groups()).isOne();
    }

    /// Early files of GLM-4.7-Flash have DeepSeek's architecture and do not say how experts are scored.
    @ParameterizedTest
    @CsvSource({"48, 1, 154880, SIGMOID", "48, 0, 154880, SIGMOID", "46, 0, 154880, SOFTMAX", "47, 0, 102400, SOFTMAX"})
    void filesWithTheShapeOfGlm47FlashScoreExpertsByASigmoid(
            int blocks, int predicting, int vocabulary, Scoring scoring) {
        var path = new GgufWriter().put("general.architecture", "deepseek2").put("deepseek2.block_count", blocks)
                .put("deepseek2.nextn_predict_layers", predicting)
                .tensor("token_embd.weight", TensorType.Q4_0, new byte[18 * vocabulary], vocabulary, 32)
                .write(folder.resolve("model.gguf"));
        try (var arena = Arena.ofConfined()) {
            var family = Families.ofArchitecture(path, "deepseek2", true);
            var routing = new GgufExperts(GgufFile.open(path, arena), "deepseek2", family).of(8, 2, 32);
            assertThat(routing.scoring()).isEqualTo(scoring);
        }
    }

    private void refusesExperts(String key, GgufWriter writer) {
        var file = writer.write(folder.resolve("model.gguf"));
        assertThatThrownBy(() -> ModelLoader.inspect(file, 0)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("has metadata qwen3moe." + key + ", which changes what the model computes and is "
                        + "not supported in the architecture qwen3moe");
    }

    @Test
    void stableLmIsParallelIfItHasNoNormOfFeedForward() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "stablelm"));
        var writer = GgufConversion.writer(folder).put("stablelm.use_parallel_residual", true);
        try (var model = ModelLoader.open(writer.write(folder.resolve("model.gguf")))) {
            assertThat(model.config().block()).isEqualTo(Block.SEQUENTIAL);
        }
    }

    @Test
    void twoDescriptionsOfScaledPositionsAreRefused() {
        var writer = TinyLlama.of(TensorType.F32, 1).writer().put("llama.rope.scaling.type", "yarn")
                .put("llama.rope.scaling.factor", 4f);
        assertThat(ModelLoader.inspect(writer.write(folder.resolve("one.gguf")), 0).warnings()).isEmpty();
        var file = writer.tensor("rope_freqs.weight", TensorType.F32, new float[] {1, 1}, 2)
                .write(folder.resolve("both.gguf"));
        assertThatThrownBy(() -> ModelLoader.inspect(file, 0)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("by \"yarn\" and by the tensor rope_freqs.weight");
    }

    @Test
    void aSentencePieceVocabularyWithoutAnEndTokenOfItsOwnHasTheUsualOne() {
        var writer = TinyLlama.of(TensorType.F32, 1).writer().put("tokenizer.ggml.model", "llama")
                .remove("tokenizer.ggml.eos_token_id");
        assertThat(ModelLoader.inspect(writer.write(folder.resolve("model.gguf")), 0).endOfText().contains(2)).isTrue();
    }

    @Test
    void aSuggestionForSamplingThatIsNotFollowedIsAWarning() {
        var writer = TinyLlama.of(TensorType.F32, 1).writer().put("general.sampling.xtc_probability", 0f)
                .put("general.sampling.mirostat", 0).put("general.sampling.penalty_last_n", -1);
        assertThat(ModelLoader.inspect(writer.write(folder.resolve("neutral.gguf")), 0).warnings()).isEmpty();

        writer.put("general.sampling.xtc_probability", 0.5f).put("general.sampling.mirostat", 2);
        assertThat(ModelLoader.inspect(writer.write(folder.resolve("model.gguf")), 0).warnings()).containsExactly(
                "metadata general.sampling.mirostat suggests a way of sampling that is not supported",
                "metadata general.sampling.xtc_probability suggests a way of sampling that is not supported");
    }

    @Test
    void aKeyThatChangesTheTokensOfTextsOrAnswersIsRefusedByName() {
        for (String key : new String[] {"add_sep_token", "normalizer.lowercase", "normalizer.strip_accents"}) {
            var writer = TinyLlama.of(TensorType.F32, 1).writer().put("tokenizer.ggml." + key, false);
            assertThat(ModelLoader.inspect(writer.write(folder.resolve("neutral.gguf")), 0).warnings()).isEmpty();
            var file = writer.put("tokenizer.ggml." + key, true).write(folder.resolve("model.gguf"));
            assertThatThrownBy(() -> ModelLoader.inspect(file, 0)).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("has metadata tokenizer.ggml." + key + ", which changes the tokens");
        }
    }

    @Test
    void layersWithAWindowHaveTheWidthsOfTheOthers() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "gemma3_text"));
        for (String key : new String[] {"attention.key_length_swa", "attention.value_length_swa",
                "rope.dimension_count_swa"}) {
            var writer = GgufConversion.writer(folder).put("gemma3." + key, 16);
            assertThat(ModelLoader.inspect(writer.write(folder.resolve("same.gguf")), 0).warnings()).isEmpty();
            var file = writer.put("gemma3." + key, 8).write(folder.resolve("other.gguf"));
            assertThatThrownBy(() -> ModelLoader.inspect(file, 0)).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("has metadata gemma3." + key + " of 8, and 16 in layers without a window");
        }
        assertThat(opened(new Entry("attention.key_length_swa", 8)).warnings()).isEmpty();
    }

    /// Loads the configurations that the transformers library wrote for the reference models, with all their keys:
    /// numbers, words, flags, lists and objects.
    @Test
    void nothingThatTransformersWritesForOurFamiliesIsUnknown() {
        int opened = 0;
        var warnings = new ArrayList<String>();
        for (var model : RandomFamilies.folders().stream().filter(GgufKeysTest::isOfAKnownFamily).toList()) {
            ModelLoader.inspect(model, 0).warnings().forEach(each -> warnings.add(model + ": " + each));
            opened++;
        }
        assertThat(warnings).isEmpty();
        assertThat(opened).isGreaterThan(10);
    }

    @Test
    void nothingThatConvertersWriteForOurFamiliesIsUnknown() throws IOException {
        var warnings = new ArrayList<String>();
        for (var model : RandomFamilies.folders().stream().filter(GgufConversion::isKnown)
                .filter(GgufConversion::exists).toList()) {
            var file = GgufConversion.convert(model, folder.resolve("model.gguf"));
            ModelLoader.inspect(file, 0).warnings().forEach(each -> warnings.add(model + ": " + each));
        }
        assertThat(warnings).isEmpty();
    }

    private static boolean isOfAKnownFamily(Path folder) {
        try {
            Families.ofModelType(folder, JsonFile.read(folder.resolve("config.json")).text("model_type").orElseThrow());
            return true;
        } catch (ModelFileException unknown) {
            return false;
        }
    }

    private record Entry(String key, int value) {}

    private ModelSummary opened(Entry entry) {
        var writer = TinyLlama.of(TensorType.F32, 1).writer().put("llama." + entry.key(), entry.value());
        return ModelLoader.inspect(writer.write(folder.resolve("model.gguf")), 0);
    }
}
