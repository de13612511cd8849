package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares the vocabularies of published models with the ids that the models' own tokenizers give.
class PublishedTokenizersTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "phi-3"})
    void everyCaseOfLlamaCppGivesItsIdsAndDecodesBack(String name) throws IOException {
        var file = TestData.of("tokenizers/ggml-vocab-" + name + ".gguf");
        var tokenizer = Tokenizers.open(file);
        var texts = Files.readString(TestData.of("tokenizers/ggml-vocab-" + name + ".gguf.inp"))
                .split("\n__ggml_vocab_test__\n", -1);
        var expected = Files.readAllLines(TestData.of("tokenizers/ggml-vocab-" + name + ".gguf.out"));

        assertThat(expected).hasSize(46).hasSizeLessThanOrEqualTo(texts.length);
        for (int i = 0; i < expected.size(); i++) {
            int[] ids = tokenizer.encode(texts[i], false);
            assertThat(ids).as("case %d: %s", i, texts[i]).isEqualTo(numbers(expected.get(i)));
            assertThat(tokenizer.decode(ids)).isEqualTo(texts[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "phi-3"})
    void realPromptsGiveTheirIdsAndDecodeBack(String name) throws IOException {
        var tokenizer = Tokenizers.published("tokenizers/ggml-vocab-" + name + ".gguf");
        var lines = Files.readAllLines(TestData.of("tokenizers/" + name + "-texts.jsonl"));

        assertThat(lines).hasSize(241);
        for (String line : lines) {
            var sample = JSON.readTree(line);
            String text = sample.get("text").textValue();
            int[] ids = tokenizer.encode(text, false);
            assertThat(ids).as(text).isEqualTo(ids(sample.get("ids")));
            assertThat(tokenizer.decode(ids)).isEqualTo(text);
        }
    }

    @Test
    void promptsOfTheSmallStoriesModelGiveItsIdsAfterBeginOfText() throws IOException {
        var tokenizer = Tokenizers.published("stories260K/stories260K-F32.gguf");
        var reference = JSON.readTree(TestData.of("stories260K/reference_greedy.json").toFile());

        for (var sample : reference.get("cases")) {
            int[] prompt = tokenizer.encodePrompt(sample.get("prompt").textValue());
            int[] all = ids(sample.get("token_ids_with_bos"));
            assertThat(prompt).isEqualTo(Arrays.copyOf(all, prompt.length));
            // The program that wrote the reference ended its output with a newline.
            assertThat(tokenizer.decode(all) + "\n").isEqualTo(sample.get("text").textValue());
        }
    }

    @Test
    void theDemonstrationModelHasTheSameTokenizerInBothFormats(@TempDir Path folder) throws IOException {
        var json = TestData.of("tokenizers/novelist-tokenizer.json");
        var fromGguf = Tokenizers.open(Path.of("..", "models", "novelist-f16.gguf"));
        Files.copy(json, folder.resolve("tokenizer.json"));
        var fromFolder = TokenizerLoader.fromHuggingFace(folder);

        assertThat(fromFolder.vocabulary()).isEqualTo(fromGguf.vocabulary());
        for (int id = 0; id < fromGguf.vocabulary(); id++) {
            assertThat(fromFolder.bytes(id)).isEqualTo(fromGguf.bytes(id));
            assertThat(fromFolder.isControl(id)).isEqualTo(fromGguf.isControl(id));
        }
        for (String line : Files.readAllLines(TestData.of("tokenizers/gpt-2-texts.jsonl"))) {
            String text = JSON.readTree(line).get("text").textValue();
            assertThat(fromFolder.encode(text, false)).isEqualTo(fromGguf.encode(text, false));
        }
        assertThat(fromGguf.encodePrompt("The")).startsWith(0);
    }

    @Test
    void markupIsTextInAPromptAndATokenInARenderedChat() {
        var tokenizer = Tokenizers.published("tokenizers/ggml-vocab-phi-3.gguf");
        int user = 32010;
        int end = 32007;

        assertThat(tokenizer.encode("<|user|>\nHi<|end|>\n", true)).startsWith(user).endsWith(end);
        assertThat(tokenizer.encode("<|user|>\nHi<|end|>\n", false)).doesNotContain(user, end);
        assertThat(tokenizer.isControl(user)).isTrue();
        assertThat(tokenizer.bytes(user)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "phi-3"})
    void aVeryLongPromptTakesNoMoreThanItsShare(String name) {
        var tokenizer = Tokenizers.published("tokenizers/ggml-vocab-" + name + ".gguf");
        for (String unit : List.of("a", " ", "\n", "'", "1", "ab", "a ", "\uAC00 ", "\uD83D\uDE00", "aA")) {
            String text = unit.repeat(100_000);
            assertThat(tokenizer.decode(tokenizer.encode(text, false))).isEqualTo(text);
        }
    }

    private static int[] numbers(String line) {
        return line.isBlank()
                ? new int[0]
                : Arrays.stream(line.strip().split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    private static int[] ids(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::intValue).toArray();
    }
}
