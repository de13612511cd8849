package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.TestData;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files whose vocabulary and embedding have different sizes, and files that have only a vocabulary.
class VocabularySizesTest {
    private static final int FOLDER_ROWS = 48;

    @TempDir
    Path folder;

    /// Such as Gemma 3 1B, whose tokenizer knows tokens of images.
    @Test
    void aFoldersTokenizerMayKnowMoreTokensThanTheEmbeddingHasRows() throws IOException {
        TinyFolder.write(folder);
        String words = IntStream.range(0, FOLDER_ROWS + 4).mapToObj(id -> "\"w" + id + "\": " + id)
                .collect(Collectors.joining(", "));
        Files.writeString(folder.resolve("tokenizer.json"), "{\"added_tokens\": [{\"id\": 52, \"content\": \"<image>\","
                + " \"special\": true}], \"decoder\": {\"type\": \"ByteLevel\"},"
                + " \"model\": {\"type\": \"BPE\", \"merges\": [], \"vocab\": {" + words + "}}}");

        computes(folder, FOLDER_ROWS, FOLDER_ROWS + 5);
    }

    @Test
    void aGgufFilesVocabularyMayHaveMoreTokensThanTheEmbeddingHasRows() {
        var tokens = new ArrayList<>(List.of("t", "h", "th"));
        IntStream.range(3, 257).forEach(id -> tokens.add("w" + id));
        tokens.addAll(List.of("<|endoftext|>", "<image>", "<more>"));
        int[] types = new int[tokens.size()];
        Arrays.fill(types, 1);
        Arrays.fill(types, 257, types.length, 3);
        var writer = TinyLlama.of(TensorType.F32, 1).writer().put("tokenizer.ggml.tokens", tokens)
                .put("tokenizer.ggml.token_type", types);

        computes(writer.write(folder.resolve("model.gguf")), 258, 260);
    }

    private static void computes(Path file, int rows, int known) {
        var drawn = new ArrayList<Integer>();
        var sink = new TokenSink() {
            @Override
            public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
                drawn.add(tokenId);
            }

            @Override
            public void finished(long sequence, FinishReason reason) {
                assertThat(reason).isEqualTo(FinishReason.LENGTH);
            }
        };
        try (var model = ModelLoader.open(file);
                var engine = Engine.start(model, Backends.open("reference", 0), EngineConfig.of(1, 8))) {
            assertThat(model.tokenizer().vocabulary()).isEqualTo(known);
            engine.admit(SequenceRequest.of(new int[] {rows - 1}, SamplingParams.greedy(), 4, TokenSet.EMPTY));
            while (engine.step(sink)) {
                // until the answer has its tokens
            }
            assertThatThrownBy(() -> engine.admit(
                    SequenceRequest.of(new int[] {rows}, SamplingParams.greedy(), 4, TokenSet.EMPTY)))
                    .hasMessageContaining("token id " + rows).hasMessageContaining("0 to " + (rows - 1));
        }
        assertThat(drawn).hasSize(4).allMatch(token -> token < rows);
    }

    @Test
    void aFileWithOnlyAVocabularyTokenisesAndIsDescribedButIsNoModel() {
        var file = TestData.of("tokenizers/ggml-vocab-gpt-2.gguf");
        var summary = ModelLoader.inspect(file, 0);

        assertThat(summary.vocabulary()).isEqualTo(50_257);
        assertThat(summary.config()).isNull();
        assertThat(summary.tokenizer()).isEqualTo("gpt2, gpt-2");
        var tokenizer = ModelLoader.openTokenizer(file);
        assertThat(tokenizer.decode(tokenizer.encode("Hello world", false))).isEqualTo("Hello world");
        assertThatThrownBy(() -> ModelLoader.open(file)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("holds only a vocabulary");
    }
}
