package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.tensor.TensorType;
import dev.flover.engine.tokenizer.EndSpellings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelLoaderTest {
    @TempDir
    Path folder;

    private Path gguf(GgufWriter writer) {
        return writer.write(folder.resolve("model.gguf"));
    }

    private void refuses(Path path, String... saying) {
        assertThatThrownBy(() -> ModelLoader.open(path).close())
                .isInstanceOf(ModelFileException.class)
                .message().startsWith(path.toString()).contains(saying);
    }

    // Models from GGUF files

    @Test
    void aGgufFileBecomesAModel() {
        try (var model = ModelLoader.open(gguf(TinyLlama.of(TensorType.F16, 1).writer()))) {
            var config = model.config();
            assertThat(config.architecture()).isEqualTo("llama");
            assertThat(config.vocabulary()).isEqualTo(TinyLlama.VOCABULARY);
            assertThat(config.layers()).hasSize(2);
            assertThat(config.layers().getFirst().rotary().pairing()).isEqualTo(Pairing.ADJACENT);
            var layer = model.weights().layers().getFirst();
            assertThat(layer.queryKeyValue().outputs()).isEqualTo(64 + 32 + 32);
            assertThat(layer.feedForwardIn().outputs()).isEqualTo(256);
            assertThat(model.weights().head()).isSameAs(model.weights().embedding());
            assertThat(model.endOfText().tokens()).containsExactly(TinyLlama.END_OF_TEXT);
            assertThat(model.tokenizer().vocabulary()).isEqualTo(TinyLlama.VOCABULARY);
        }
    }

    @Test
    void version2IsReadAsVersion3Is() {
        try (var model = ModelLoader.open(gguf(TinyLlama.of(TensorType.F32, 1).withoutTokenizer().version(2)))) {
            assertThat(model.config().hidden()).isEqualTo(64);
            assertThat(model.tokenizer()).isNull();
        }
    }

    @Test
    void aSplitFileIsTheModelItWasSplitFrom() {
        var writer = TinyLlama.of(TensorType.F32, 1).writer();
        var whole = ModelLoader.inspect(gguf(writer), 0);

        var parts = ModelLoader.inspect(writer.writeSplit(folder, "split", 3), 0);
        var fromTheLast = ModelLoader.inspect(folder.resolve("split-00003-of-00003.gguf"), 0);

        assertThat(parts.format()).isEqualTo("GGUF 3 in 3 parts");
        assertThat(parts.parameters()).isEqualTo(whole.parameters());
        assertThat(fromTheLast.fingerprint()).isEqualTo(parts.fingerprint());
    }

    @Test
    void aMissingPartIsNamed() throws IOException {
        var first = TinyLlama.of(TensorType.F32, 1).writer().writeSplit(folder, "split", 3);
        Files.delete(folder.resolve("split-00002-of-00003.gguf"));

        assertThatThrownBy(() -> ModelLoader.open(first))
                .hasMessageContaining("split-00002-of-00003.gguf: there is no such file");
    }

    @Test
    void aRenamedPartIsNotTakenForTheWhole() throws IOException {
        var first = TinyLlama.of(TensorType.F32, 1).writer().writeSplit(folder, "split", 3);

        refuses(Files.move(first, folder.resolve("model.gguf")), "is one of 3 parts", "point to the first");
    }

    @Test
    void anUnknownArchitectureIsRefusedWithTheKnownOnes() {
        refuses(gguf(TinyLlama.of(TensorType.F32, 1).writer().put("general.architecture", "mamba")),
                "architecture \"mamba\"", "not supported", "gptj, gptneox, granite, granitemoe, llama, mistral");
    }

    @Test
    void aFileCutInHalfSaysSo() throws IOException {
        byte[] whole = TinyLlama.of(TensorType.F16, 1).writer().bytes();
        var half = Files.write(folder.resolve("half.gguf"), Arrays.copyOf(whole, whole.length / 2));

        refuses(half, "has " + whole.length / 2 + " bytes, but tensor", "cut off");
    }

    @Test
    void whatIsNoModelAtAllIsSaidInOneSentence() throws IOException {
        refuses(folder.resolve("nowhere.gguf"), "there is no such file");
        refuses(Files.writeString(folder.resolve("text.gguf"), "hello"), "does not begin with the letters GGUF");
        refuses(Files.write(folder.resolve("empty.gguf"), new byte[0]), "does not begin with the letters GGUF");
        refuses(folder, "has no config.json", "give the .gguf file itself");
    }

    @Test
    void countsBeyondTheFileAreRefusedBeforeAnythingIsAllocated() throws IOException {
        byte[] bytes = TinyLlama.of(TensorType.F32, 1).writer().bytes();
        Arrays.fill(bytes, 8, 15, (byte) 0xFF);
        bytes[15] = 0x7F;

        refuses(Files.write(folder.resolve("huge.gguf"), bytes), "claims 9223372036854775807 tensors");
    }

    @Test
    void aMissingAStrangeAndAWronglyShapedTensorAreNamed() {
        var model = TinyLlama.of(TensorType.F32, 1);
        refuses(gguf(model.writer().removeTensor("blk.1.attn_k.weight")), "has no tensor blk.1.attn_k.weight");
        refuses(gguf(model.writer().tensor("blk.0.attn_sinks.weight", TensorType.F32, new float[4], 4)),
                "has tensor blk.0.attn_sinks.weight, which the architecture llama does not have");
        refuses(gguf(model.writer().put("llama.feed_forward_length", 96)),
                "blk.0.ffn_down.weight the shape [64, 128]; [64, 96] expected");
    }

    @Test
    void numbersThatCannotBeAreRefused() {
        var model = TinyLlama.of(TensorType.F32, 1);
        refuses(gguf(model.writer().put("llama.attention.head_count", 0)), "0 attention heads");
        refuses(gguf(model.writer().put("llama.attention.head_count_kv", 3)), "multiple of kvHeads (3)");
        refuses(gguf(model.writer().put("llama.block_count", -1)), "layers");
        refuses(gguf(model.writer().put("llama.rope.freq_base", Float.NaN)), "rotary base of NaN");
        refuses(gguf(model.writer().put("llama.context_length", "long")), "should be an integer and is a string");
        refuses(gguf(model.writer().put("llama.expert_count", 8)), "has no metadata llama.expert_used_count");
    }

    @Test
    void positionsCanBeStretchedByTheFile() {
        var model = TinyLlama.of(TensorType.F32, 1);
        var linear = gguf(model.withoutTokenizer()
                .put("llama.rope.scaling.type", "linear").put("llama.rope.scaling.factor", 4f));
        try (var opened = ModelLoader.open(linear)) {
            assertThat(opened.config().layers().getFirst().rotary().frequencies().getFirst()).isEqualTo(0.25);
        }
        float[] divisors = {1, 2, 4, 8, 8, 8, 8, 8};
        var divided = gguf(model.withoutTokenizer().tensor("rope_freqs.weight", TensorType.F32, divisors, 8));
        try (var opened = ModelLoader.open(divided)) {
            assertThat(opened.config().layers().getFirst().rotary().frequencies().get(1))
                    .isEqualTo(Math.pow(10_000, -1 / 8.0) / 2);
        }
        refuses(gguf(model.withoutTokenizer().put("llama.rope.scaling.type", "spiral")), "\"spiral\"", "yarn");
    }

    @Test
    void aLongerContextIsGivenWhenAskedFor() {
        var file = gguf(TinyLlama.of(TensorType.F32, 1).withoutTokenizer());
        try (var own = ModelLoader.open(file); var asked = ModelLoader.open(file, 1000)) {
            assertThat(own.config().contextLength()).isEqualTo(256);
            assertThat(asked.config().contextLength()).isEqualTo(1000);
        }
    }

    @Test
    void longRopeTurnsShortAndLongSequencesEachInTheirWay() {
        var file = gguf(TinyLlama.of(TensorType.F32, 1).withoutTokenizer()
                .put("llama.rope.scaling.type", "longrope")
                .put("llama.rope.scaling.original_context_length", 64)
                .put("llama.rope.scaling.attn_factor", 1.5f)
                .tensor("rope_factors_short.weight", TensorType.F32, new float[] {1, 1, 1, 1, 1, 1, 1, 1}, 8)
                .tensor("rope_factors_long.weight", TensorType.F32, new float[] {2, 2, 2, 2, 2, 2, 2, 2}, 8));
        try (var own = ModelLoader.open(file); var asked = ModelLoader.open(file, 64)) {
            var rotary = own.config().layers().getFirst().rotary();
            assertThat(own.config().contextLength()).isEqualTo(256);
            assertThat(own.config().stretchedBeyond()).isEqualTo(64);
            assertThat(rotary.frequencies().getFirst()).isEqualTo(1);
            assertThat(rotary.stretch().frequencies().getFirst()).isEqualTo(0.5);
            assertThat(rotary.magnitude()).isEqualTo(1.5);
            assertThat(asked.config().stretchedBeyond()).isEqualTo(Integer.MAX_VALUE);
        }
    }

    @Test
    void aFactorWithoutATypeIsLinearAndOneOfNoneIsNone() {
        var model = TinyLlama.of(TensorType.F32, 1);
        assertThat(firstFrequency(model.withoutTokenizer().put("llama.rope.scaling.factor", 4f))).isEqualTo(0.25);
        assertThat(firstFrequency(model.withoutTokenizer().put("llama.rope.scale_linear", 2f))).isEqualTo(0.5);
        assertThat(firstFrequency(model.withoutTokenizer().put("llama.rope.scaling.factor", 4f)
                .put("llama.rope.scaling.type", "none"))).isEqualTo(1);
        assertThat(firstFrequency(model.withoutTokenizer().put("llama.rope.scaling.factor", 4f)
                .tensor("rope_freqs.weight", TensorType.F32, new float[] {2, 1, 1, 1, 1, 1, 1, 1}, 8)))
                .isEqualTo(0.125);
    }

    private double firstFrequency(GgufWriter writer) {
        try (var opened = ModelLoader.open(gguf(writer))) {
            return opened.config().layers().getFirst().rotary().frequencies().getFirst();
        }
    }

    @Test
    void yarnInGgufDividesItsMagnitudeByTheLogMultipliersOwn() {
        var file = gguf(TinyLlama.of(TensorType.F32, 1).withoutTokenizer()
                .put("llama.rope.scaling.type", "yarn").put("llama.rope.scaling.factor", 4f)
                .put("llama.rope.scaling.original_context_length", 64)
                .put("llama.rope.scaling.yarn_log_multiplier", 0.5f));
        try (var opened = ModelLoader.open(file)) {
            assertThat(opened.config().layers().getFirst().rotary().magnitude())
                    .isCloseTo(1.138629436 / 1.069314718, within(1e-9));
        }
    }

    @Test
    void aWindowMeansNothingInAFamilyThatHasNone() throws IOException {
        var file = gguf(TinyLlama.of(TensorType.F32, 1).withoutTokenizer().put("llama.attention.sliding_window", 8));
        try (var opened = ModelLoader.open(file)) {
            assertThat(opened.config().layers()).allMatch(layer -> layer.window() == 0);
        }
        TinyFolder.write(folder);
        Files.writeString(folder.resolve("config.json"),
                TinyFolder.CONFIG.replace("\"vocab_size\"", "\"sliding_window\": 8, \"vocab_size\""));
        try (var opened = ModelLoader.open(folder)) {
            assertThat(opened.config().layers()).allMatch(layer -> layer.window() == 0);
        }
    }

    @Test
    void aShortContextIsRespectedButForTheOneConverterThatWritesAWrongOne() {
        var model = TinyLlamaBuilder.builder().hidden(64).layers(2).heads(4).kvHeads(2).feedForward(128)
                .context(128).type(TensorType.F32).seed(1).build();
        try (var opened = ModelLoader.open(gguf(model.withoutTokenizer()))) {
            assertThat(opened.config().contextLength()).isEqualTo(128);
        }
        var llama2c = model.withoutTokenizer().put("general.name", "llama")
                .put("tokenizer.ggml.seperator_token_id", -1);
        try (var opened = ModelLoader.open(gguf(llama2c))) {
            assertThat(opened.config().contextLength()).isEqualTo(512);
        }
    }

    @Test
    void everyIdAndEverySpellingThatEndsAnAnswerDoes() {
        var writer = TinyLlama.of(TensorType.F32, 1).writer();
        var ends = EndSpellings.among(List.of("a", "<|im_end|>", "b", "</s>", "<|fim_pad|>"));
        assertThat(ends).containsExactly(1, 3, 4);
        assertThat(EndSpellings.among(List.of("<|end|>", "<|return|>", "<|call|>"))).containsExactly(1, 2);
        assertThat(EndSpellings.among(List.of("</s>", "<|tool_response>"))).containsExactly(1);
        try (var opened = ModelLoader.open(gguf(writer.put("tokenizer.ggml.eot_token_id", 5)))) {
            assertThat(opened.endOfText().tokens()).contains(5, TinyLlama.END_OF_TEXT);
            assertThat(opened.warnings()).isEmpty();
        }
    }

    @Test
    void anIdThatTheVocabularyDoesNotHaveIsAWarning() throws IOException {
        var writer = TinyLlama.of(TensorType.F32, 1).writer().put("tokenizer.ggml.eot_token_id", 100_000);
        try (var opened = ModelLoader.open(gguf(writer))) {
            assertThat(opened.endOfText().tokens()).containsExactly(TinyLlama.END_OF_TEXT);
            assertThat(opened.warnings()).singleElement().asString()
                    .contains("eot_token_id is 100000", "it is ignored");
        }
        TinyFolder.write(folder);
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [2, 99]}");
        try (var opened = ModelLoader.open(folder)) {
            assertThat(opened.endOfText().tokens()).containsExactly(2);
            assertThat(opened.warnings()).singleElement().asString().contains("end token 99", "is ignored");
        }
    }

    @Test
    void productsAlongHeadsAndFeedForwardAreSummedInShardsOfWholeBlocks() {
        var model = TinyLlamaBuilder.builder().hidden(256).layers(1).heads(8).kvHeads(4).feedForward(768)
                .context(64).type(TensorType.Q8_0).seed(1).build();
        try (var opened = ModelLoader.open(gguf(model.withoutTokenizer()))) {
            var layer = opened.weights().layers().getFirst();
            assertThat(layer.attentionOut().kShards()).isEqualTo(8); // one query head for each shard
            assertThat(layer.feedForwardOut().kShards()).isEqualTo(8);
            assertThat(layer.queryKeyValue().kShards()).isEqualTo(1);
        }
    }

    @Test
    void theFingerprintNamesTheContentAndNotThePlace() throws IOException {
        var writer = TinyLlama.of(TensorType.F32, 1).writer();
        String here = ModelLoader.inspect(gguf(writer), 0).fingerprint();
        String there = ModelLoader.inspect(writer.write(folder.resolve("elsewhere.gguf")), 0).fingerprint();
        String otherWeights = ModelLoader.inspect(gguf(TinyLlama.of(TensorType.F32, 2).writer()), 0).fingerprint();
        String otherWords = ModelLoader.inspect(gguf(writer.put("general.name", "other")), 0).fingerprint();

        assertThat(here).matches("[0-9a-f]{16}").isEqualTo(there);
        assertThat(List.of(otherWeights, otherWords)).doesNotContain(here).doesNotHaveDuplicates();
    }

    @Test
    void aSummarySaysWhatIsInTheFile() {
        var summary = ModelLoader.inspect(gguf(TinyLlama.of(TensorType.Q8_0, 1).writer()), 0);

        assertThat(summary.name()).isEqualTo("tiny");
        assertThat(summary.tokenizer()).isEqualTo("gpt2, gpt-2");
        assertThat(summary.tensors().get(TensorType.Q8_0).tensors()).isEqualTo(1 + 2 * 7);
        assertThat(summary.tensors().get(TensorType.F32).tensors()).isEqualTo(2 * 2 + 1);
        assertThat(summary.parameters()).isEqualTo(258L * 64 + 2 * (64L * 64 * 2 + 64 * 64 + 3 * 64 * 128 + 128) + 64);
    }

    // Models from Hugging Face folders

    @Test
    void aFolderBecomesAModel() throws IOException {
        try (var model = ModelLoader.open(TinyFolder.write(folder))) {
            assertThat(model.config().layers().getFirst().rotary().pairing()).isEqualTo(Pairing.HALVES);
            assertThat(model.weights().head()).isNotEqualTo(model.weights().embedding());
            assertThat(model.endOfText().tokens()).containsExactly(2);
            assertThat(model.samplingDefaults()).isNull();
        }
    }

    @Test
    void shardsWithAnIndexAreOneModel() throws IOException {
        var whole = ModelLoader.inspect(TinyFolder.write(Files.createDirectory(folder.resolve("whole"))), 0);
        var shards = ModelLoader.inspect(TinyFolder.writeSharded(Files.createDirectory(folder.resolve("shards"))), 0);

        assertThat(shards.parameters()).isEqualTo(whole.parameters());
        assertThat(shards.tensors()).isEqualTo(whole.tensors());
    }

    @Test
    void anIndexMayNotLeaveItsFolder() throws IOException {
        TinyFolder.writeSharded(folder);
        Files.writeString(folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"a\": \"../../secret.safetensors\"}}");

        assertThatThrownBy(() -> ModelLoader.open(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("which is not the name of a safetensors file in this folder");
    }

    @Test
    void generationDefaultsAreTheModels() throws IOException {
        TinyFolder.write(folder);
        Files.writeString(folder.resolve("generation_config.json"),
                "{\"eos_token_id\": [7, 3], \"temperature\": 0.6, \"top_p\": 0.9, \"top_k\": 20}");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.endOfText().tokens()).containsExactly(3, 7);
            assertThat(model.samplingDefaults().temperature()).isEqualTo(0.6f);
            assertThat(model.samplingDefaults().topP()).isEqualTo(0.9f);
            assertThat(model.samplingDefaults().topK()).isEqualTo(20);
        }
    }

    @Test
    void theChatTemplateIsFoundWhereverItStands() throws IOException {
        TinyFolder.write(folder);
        var tokenizer = folder.resolve("tokenizer_config.json");
        Files.writeString(tokenizer, "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"t\"},"
                + " {\"name\": \"default\", \"template\": \"d\"}]}");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.chatTemplate()).isEqualTo("d");
            assertThat(model.toolTemplate()).isEqualTo("t");
        }
        Files.writeString(folder.resolve("chat_template.jinja"), "own file");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.chatTemplate()).isEqualTo("own file");
            assertThat(model.toolTemplate()).isNull();
        }
        Files.createDirectory(folder.resolve("additional_chat_templates"));
        Files.writeString(folder.resolve("additional_chat_templates").resolve("tool_use.jinja"), "for tools");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.chatTemplate()).isEqualTo("own file");
            assertThat(model.toolTemplate()).isEqualTo("for tools");
        }
        var file = TinyLlama.of(TensorType.F32, 1).writer().put("tokenizer.chat_template", "c")
                .put("tokenizer.chat_template.tool_use", "t").write(folder.resolve("model.gguf"));
        try (var model = ModelLoader.open(file)) {
            assertThat(model.chatTemplate()).isEqualTo("c");
            assertThat(model.toolTemplate()).isEqualTo("t");
        }
    }

    @Test
    void aSuggestionThatNoSamplerCanFollowIsNamedWithItsFile() throws IOException {
        TinyFolder.write(folder);
        Files.writeString(folder.resolve("generation_config.json"), "{\"top_p\": 1.5}");
        assertThatThrownBy(() -> ModelLoader.open(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("generation_config.json: suggests sampling that is not possible: topP must be");
        Files.writeString(folder.resolve("generation_config.json"), "{\"top_p\"");
        assertThatThrownBy(() -> ModelLoader.open(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageEndingWith("(line 1, column 9)").hasMessageNotContaining("start marker");
    }

    @Test
    void foldersThatCannotBeRunAreRefusedWithTheReason() throws IOException {
        TinyFolder.write(folder);
        refusesConfig("\"llama\"", "\"mamba\"", "model type \"mamba\"", "gpt_neox, gpt_oss, gptj, granite");
        refusesConfig("\"silu\"", "\"quick_gelu\"", "activation \"quick_gelu\"");
        refusesConfig("\"llama\"", "\"falcon\", \"alibi\": true", "sets \"alibi\" to true; only false is supported");
        refusesConfig("\"llama3\"", "\"spiral\"", "scales rotary positions by \"spiral\"");
        refusesConfig("\"rope_type\": \"llama3\", ", "", "has \"factor\" for rotary positions but no \"rope_type\"");
        refusesConfig("\"factor\": 8.0, ", "", "has no \"factor\"");
        refusesConfig("\"vocab_size\"", "\"quantization_config\": {\"quant_method\": \"gptq\"}, \"vocab_size\"",
                "quantised by gptq");
        refusesConfig("\"hidden_size\": 32", "\"hidden_size\": \"32\"", "\"hidden_size\" should be an integer");
        refusesConfig("\"hidden_size\": 32", "\"hidden_size\": 32, \"hidden_size\": 64", "Duplicate field");
        refusesConfig("{\"model_type\"", "[".repeat(100) + "{\"model_type\"", "nesting depth");
    }

    @Test
    void numbersThatPythonWritesAreRead() throws IOException {
        TinyFolder.write(folder);
        Files.writeString(folder.resolve("config.json"),
                TinyFolder.CONFIG.replace("\"vocab_size\"", "\"time_step_limit\": [0.0, Infinity], \"vocab_size\""));
        Files.writeString(folder.resolve("generation_config.json"), "{\"top_p\": 0, \"do_sample\": true}");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.samplingDefaults().topK()).isEqualTo(1);
        }
    }

    @Test
    void aWholeFileIsReadThoughAnIndexStandsBesideIt() throws IOException {
        TinyFolder.write(folder);
        Files.writeString(folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"model.embed_tokens.weight\": \"model-00001-of-00002.safetensors\"}}");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.config().layers()).hasSize(2);
        }
    }

    @Test
    void aSuggestionForSamplingThatIsNotFollowedIsAWarning() throws IOException {
        TinyFolder.write(folder);
        Files.writeString(folder.resolve("generation_config.json"), "{\"no_repeat_ngram_size\": 0, \"num_beams\": 1,"
                + " \"bad_words_ids\": null, \"max_length\": 20, \"guidance_scale\": 1.0}");
        assertThat(ModelLoader.inspect(folder, 0).warnings()).isEmpty();
        Files.writeString(folder.resolve("generation_config.json"),
                "{\"no_repeat_ngram_size\": 3, \"stop_strings\": [\"end\"], \"suppress_tokens\": [4]}");
        assertThat(ModelLoader.inspect(folder, 0).warnings()).hasSize(3)
                .allMatch(each -> each.endsWith("suggests a way of sampling that is not supported"))
                .anyMatch(each -> each.startsWith("\"stop_strings\" of generation_config.json"));
    }

    private void refusesConfig(String valid, String invalid, String... saying) throws IOException {
        assertThat(TinyFolder.CONFIG).contains(valid);
        var config = folder.resolve("config.json");
        Files.writeString(config, TinyFolder.CONFIG.replace(valid, invalid));
        assertThatThrownBy(() -> ModelLoader.open(folder).close())
                .isInstanceOf(ModelFileException.class).message().startsWith(config.toString()).contains(saying);
    }
}
