package dev.flover.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.TestData;
import dev.flover.engine.format.ModelFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Folders with `tokenizer.model` and no `tokenizer.json`, compared with SentencePiece itself.
class SentencePieceTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"unigram", "bytes", "plain"})
    void everyTextHasTheIdsThatSentencePieceGives(String name) throws IOException {
        var tokenizer = open(name, "{\"add_bos_token\": false}");
        for (var expected : cases(name)) {
            String text = expected.get("text").textValue();
            int[] ids = tokenizer.encode(text, false);
            assertThat(ids).as(text).isEqualTo(ints(expected.get("ids")));
            if (expected.get("back").textValue().equals(text) && !text.startsWith(" ")) {
                assertThat(tokenizer.decode(ids)).isEqualTo(text);
            }
        }
    }

    @Test
    void promptsBeginWithTheBeginOfTextUnlessTheFolderSaysOtherwise() throws IOException {
        assertThat(open("bytes", "{}").encodePrompt("a")).startsWith(1);
        assertThat(open("bytes", "{\"add_bos_token\": false}").encodePrompt("a")).doesNotContain(1);
        assertThat(open("bytes", "{\"add_eos_token\": true}").encodePrompt("a")).endsWith(2);
    }

    @Test
    void tokensThatTheFolderAddsAreMarkupOrWords() throws IOException {
        var tokenizer = open("bytes", """
                {"add_bos_token": false, "added_tokens_decoder": {
                  "900": {"content": "<|end|>", "special": true}, "901": {"content": "xyzzy", "special": false}}}""");

        assertThat(tokenizer.encode("<|end|>", true)).containsExactly(900);
        assertThat(tokenizer.encode("<|end|>", false)).doesNotContain(900);
        assertThat(tokenizer.encode("a xyzzy", false)).contains(901);
        assertThat(tokenizer.isControl(900)).isTrue();
        assertThat(tokenizer.vocabulary()).isEqualTo(902);
    }

    @Test
    void aFileThatIsNoModelIsRefusedWithTheReason() throws IOException {
        Files.writeString(folder.resolve("tokenizer.model"), "not a protocol buffer");
        assertThatThrownBy(() -> TokenizerLoader.fromHuggingFace(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("is not a SentencePiece model: it has a field of type 6");

        Files.write(folder.resolve("tokenizer.model"), new byte[0]);
        assertThatThrownBy(() -> TokenizerLoader.fromHuggingFace(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("it has no tokens");
    }

    /// No damage may lead to anything but a tokenizer or a refusal.
    @Test
    void damagedFilesAreRefusedOrRead() throws IOException {
        byte[] whole = Files.readAllBytes(TestData.of("tokenizers/sentencepiece/bytes.model"));
        long seed = 20261130;
        var random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            byte[] damaged = Arrays.copyOf(whole, round % 3 == 0 ? random.nextInt(whole.length) : whole.length);
            for (int i = 0; i < round % 5 && damaged.length > 0; i++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            Files.write(folder.resolve("tokenizer.model"), damaged);
            try {
                TokenizerLoader.fromHuggingFace(folder).encode("some text", false);
            } catch (ModelFileException refused) {
                assertThat(refused.getMessage()).as("seed " + seed + ", round " + round).isNotBlank();
            }
        }
    }

    private Tokenizer open(String name, String config) throws IOException {
        Files.write(folder.resolve("tokenizer.model"),
                Files.readAllBytes(TestData.of("tokenizers/sentencepiece/" + name + ".model")));
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        return TokenizerLoader.fromHuggingFace(folder);
    }

    private static List<JsonNode> cases(String name) throws IOException {
        var lines = Files.readAllLines(TestData.of("tokenizers/sentencepiece/" + name + ".jsonl"));
        assertThat(lines).hasSizeGreaterThan(20);
        var cases = new ArrayList<JsonNode>();
        for (String line : lines) {
            cases.add(JSON.readTree(line));
        }
        return cases;
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }
}
