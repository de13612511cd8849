package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.families.Families;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FamiliesTest {
    private static final EngineConfig CONFIG = EngineConfig.of(2, 32)
            .withKvBlocks(16)
            .withStepsInFlight(1)
            .withPrefixCaching(false);

    private static final SamplingParams GREEDY_WITH_LOGPROBS =
            SamplingParams.greedy().withTopLogprobs(0);

    @TempDir
    Path folder;

    static Stream<String> modelTypes() {
        return Families.ALL.stream().filter(family -> !family.architectures().isEmpty())
                .map(family -> family.modelTypes().getFirst());
    }

    /// The reader of GGUF and the reader of folders share little code, and the test's conversion undoes their
    /// differences; so if one of them reads a family wrongly, the tokens differ. [dev.flover.engine.FamilyContract]
    /// proves that both are right.
    @ParameterizedTest
    @MethodSource("modelTypes")
    void everyFamilyAnswersTheSameFromAFolderAndFromGguf(String modelType) throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, modelType));

        var fromFolder = greedy(folder);
        var fromGguf = greedy(GgufConversion.convert(folder, folder.resolve("converted.gguf")));

        assertThat(fromGguf.tokens()).isEqualTo(fromFolder.tokens());
        for (int i = 0; i < fromFolder.logprobs().size(); i++) {
            assertThat(fromGguf.logprobs().get(i)).as("logprob of token " + i)
                    .isCloseTo(fromFolder.logprobs().get(i), within(1e-4f));
        }
        // A model of random weights may repeat one token for ever, but its logprob depends on all tokens before.
        assertThat(new HashSet<>(fromFolder.logprobs())).as("different logprobs").hasSizeGreaterThan(12);
    }

    private record Answer(List<Integer> tokens, List<Float> logprobs) {}

    private static Answer greedy(Path path) {
        var answer = new Answer(new ArrayList<>(), new ArrayList<>());
        var sink = new TokenSink() {
            @Override
            public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
                answer.tokens().add(tokenId);
                answer.logprobs().add(logprob);
            }

            @Override
            public void finished(long sequence, FinishReason reason) {
                assertThat(reason).isEqualTo(FinishReason.LENGTH);
            }
        };
        int[] prompt = {1, 5, 40, 7, 7, 23, 11, 3, 46, 30, 2, 17};
        try (var model = ModelLoader.open(path);
                var engine = Engine.start(model, Backends.open("reference", 0), CONFIG)) {
            engine.admit(SequenceRequest.of(prompt, GREEDY_WITH_LOGPROBS, 24, TokenSet.EMPTY));
            while (engine.step(sink)) {
                // until the answer has its tokens
            }
        }
        return answer;
    }

    @Test
    void gemma3SeesAWindowInFiveLayersOfSix() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "gemma3_text"));
        try (var model = ModelLoader.open(folder)) {
            var layers = model.config().layers();
            assertThat(layers.stream().map(layer -> layer.window())).containsExactly(8, 8, 8, 8, 8, 0, 8);
            // Checks the frequency of the fourth pair of eight, base^(-6/16): with the local base, and with the model's
            // base.
            assertThat(layers.get(0).rotary().frequencies().get(3)).isEqualTo(Math.pow(10_000, -6 / 16.0));
            assertThat(layers.get(5).rotary().frequencies().get(3)).isEqualTo(Math.pow(5_000, -6 / 16.0));
        }
    }

    @Test
    void gemma3sGgufFilesMayOmitTheWindowOrGiveItsLayersARotaryBase() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "gemma3_text"));
        var writer = GgufConversion.writer(folder).put("gemma3.rope.freq_base_swa", 2_000f);
        try (var model = ModelLoader.open(writer.write(folder.resolve("window.gguf")))) {
            var first = model.config().layers().getFirst();
            assertThat(first.window()).isEqualTo(8);
            assertThat(first.rotary().frequencies().get(3)).isEqualTo(Math.pow(2_000, -6 / 16.0));
        }
        // As in llama.cpp, all layers are then as those without a window.
        writer.remove("gemma3.attention.sliding_window");
        try (var model = ModelLoader.open(writer.write(folder.resolve("none.gguf")))) {
            var first = model.config().layers().getFirst();
            assertThat(first.window()).isZero();
            assertThat(first.rotary().frequencies().get(3)).isEqualTo(Math.pow(5_000, -6 / 16.0));
        }
    }

    @Test
    void gemmasFirstFilesNameAnActivationThatTheyDoNotHave() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "gemma"));
        change("\"head_dim\"", "\"hidden_act\": \"gelu\", \"hidden_activation\": null, \"head_dim\"");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.config().activation()).isEqualTo(Activation.GELU_TANH);
        }
    }

    @Test
    void neoxMayPutAttentionBeforeFeedForward() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "gpt_neox"));
        change("\"head_dim\"", "\"use_parallel_residual\": false, \"head_dim\"");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.config().block()).isEqualTo(Block.SEQUENTIAL);
        }
    }

    @Test
    void qwenSlidesOnlyWhereItsConfigurationSaysSo() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "qwen2"));
        change("\"head_dim\"", "\"sliding_window\": 8, \"max_window_layers\": 5, \"head_dim\"");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.config().layers()).allMatch(layer -> layer.window() == 0);
        }
        change("\"head_dim\"", "\"use_sliding_window\": true, \"head_dim\"");
        try (var model = ModelLoader.open(folder)) {
            assertThat(model.config().layers().stream().map(layer -> layer.window()))
                    .containsExactly(0, 0, 0, 0, 0, 8, 8);
        }
    }

    @Test
    void aBiasThatTheConfigurationPromisesMustBeThere() throws IOException {
        TinyFolder.write(folder, Families.ofModelType(folder, "llama"));
        change("\"head_dim\"", "\"attention_bias\": true, \"head_dim\"");

        assertThatThrownBy(() -> ModelLoader.open(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("has no tensor model.layers.0.self_attn.q_proj.bias");
    }

    private void change(String from, String to) throws IOException {
        var config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace(from, to));
    }
}
