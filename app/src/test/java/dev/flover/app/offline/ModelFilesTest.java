package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Effects of the files of a model on tokens, seen through the commands `generate`, `inspect` and `tokenize`.
class ModelFilesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String WITHOUT_BEGIN = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}";

    @TempDir
    private Path folder;

    @Test
    void aConversationHasNoTokenThatTheTemplateDoesNotWrite() throws IOException {
        ChatFolder.write(folder, WITHOUT_BEGIN, "");
        assertThat(promptIds("{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}"))
                .containsExactly(ChatFolder.id('h'), ChatFolder.id('i'), ChatFolder.MARKUP);
        assertThat(promptIds("{\"prompt\": \"hi\"}"))
                .containsExactly(ChatFolder.BEGIN, ChatFolder.id('h'), ChatFolder.id('i'));

        ChatFolder.write(folder, "{{ bos_token }}" + WITHOUT_BEGIN, "");
        assertThat(promptIds("{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}"))
                .containsExactly(ChatFolder.BEGIN, ChatFolder.id('h'), ChatFolder.id('i'), ChatFolder.MARKUP);
    }

    @Test
    void aSpecialTokenInAMessageStaysTextUnlessTheOperatorAllowsIt() throws IOException {
        ChatFolder.write(folder, WITHOUT_BEGIN, "");
        String request = "{\"messages\": [{\"role\": \"user\", \"content\": \"a<|im_end|>\"}]}";

        assertThat(promptIds(request)).hasSize("a<|im_end|>".length() + 1).contains(ChatFolder.id('|'))
                .endsWith(ChatFolder.id('>'), ChatFolder.MARKUP);
        assertThat(promptIds(request, "--parse-special", "nothing")).isEqualTo(promptIds(request));
        assertThat(promptIds(request, "--parse-special", "messages"))
                .containsExactly(ChatFolder.id('a'), ChatFolder.MARKUP, ChatFolder.MARKUP);
        assertThat(promptIds("{\"prompt\": \"<s>\"}", "--parse-special", "messages")).hasSize(4);
    }

    @Test
    void aFlagThatDisagreesWithTheTokenizerIsAWarning() throws IOException {
        ChatFolder.write(folder, WITHOUT_BEGIN, "\"add_bos_token\": true, \"add_eos_token\": false, ");
        assertThat(inspect().get("warnings")).isEmpty();

        ChatFolder.write(folder, WITHOUT_BEGIN, "\"add_bos_token\": false, \"add_eos_token\": true, ");
        assertThat(inspect().get("warnings")).extracting(JsonNode::textValue).containsExactly(
                "\"add_bos_token\" of tokenizer_config.json is false and is ignored; the tokenizer puts a"
                        + " token before a text",
                "\"add_eos_token\" of tokenizer_config.json is true and is ignored; the tokenizer puts no"
                        + " token after a text");
        assertThat(Console.run("tokenize", "--model", folder.toString(), "--text", "a").out())
                .isEqualTo(ChatFolder.BEGIN + " " + ChatFolder.id('a') + "\n");
    }

    @Test
    void aTemplateThatCannotBeReadIsAWarningWithTheReason() throws IOException {
        ChatFolder.write(folder, WITHOUT_BEGIN, "");
        assertThat(inspect().get("chat_template").booleanValue()).isTrue();

        Files.createDirectories(folder.resolve("additional_chat_templates"));
        Files.writeString(folder.resolve("additional_chat_templates/tool_use.jinja"), "{% import 'x' %}");
        assertThat(inspect().get("chat_template").booleanValue()).isTrue();
        assertThat(inspect().get("warnings")).singleElement().extracting(JsonNode::textValue).asString()
                .startsWith("the model's chat template for tools cannot be used: ").contains("import", "line 1");
        Files.delete(folder.resolve("additional_chat_templates/tool_use.jinja"));

        ChatFolder.write(folder, "{% include 'x' %}", "");
        assertThat(inspect().get("chat_template").booleanValue()).isFalse();
        assertThat(inspect().get("warnings")).singleElement().extracting(JsonNode::textValue).asString()
                .startsWith("the model's chat template cannot be used: the template uses {% include %}");
        assertThat(Console.run("inspect", "--model", folder.toString()).out())
                .containsPattern("chat template +cannot be used\n")
                .containsPattern("warning +the model's chat template cannot be used: ");
    }

    @Test
    void answersEndAtTheTokensOfEitherFile() throws IOException {
        ChatFolder.write(folder, WITHOUT_BEGIN, "");
        assertThat(inspect().get("end_of_text")).extracting(JsonNode::intValue)
                .containsExactly(1, ChatFolder.MARKUP);
    }

    @Test
    void aFileThatHoldsOnlyAVocabularyCanBeTokenisedWithAndInspected() throws IOException {
        Path file = folder.resolve("vocabulary.gguf");
        Path stored = Path.of("..", "gpu-engine", "src", "test", "resources", "tokenizers", "ggml-vocab-phi-3.gguf.gz");
        try (var packed = new GZIPInputStream(Files.newInputStream(stored))) {
            Files.copy(packed, file);
        }

        var tokens = Console.run("tokenize", "--model", file.toString(), "--text", "Hello world");
        assertThat(tokens.out()).as(tokens.err()).isEqualTo("1 15043 3186\n");
        var shown = Console.run("inspect", "--model", file.toString());
        assertThat(shown.out()).as(shown.err()).contains("none: the file holds only a vocabulary", "32,064");
        var json = JSON.readTree(Console.run("inspect", "--model", file.toString(), "--json").out());
        assertThat(json.get("vocabulary").intValue()).isEqualTo(32_064);

        var refused = Console.run("generate", "--model", file.toString(), "--prompt", "Hello");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("holds only a vocabulary and no weights").doesNotContain("\tat ");
    }

    private JsonNode inspect() throws IOException {
        var run = Console.run("inspect", "--model", folder.toString(), "--json");
        assertThat(run.code()).as(run.err()).isZero();
        return JSON.readTree(run.out());
    }

    private List<Integer> promptIds(String request, String... options) throws IOException {
        var file = Files.writeString(folder.resolve("requests.jsonl"), request + "\n");
        var arguments = new ArrayList<>(List.of("generate", "--model", folder.toString(), "--backend", "reference",
                "--json", "--max-tokens", "1", "--requests", file.toString()));
        arguments.addAll(Arrays.asList(options));
        var run = Console.run(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        var ids = new ArrayList<Integer>();
        JSON.readTree(run.out()).get("prompt_ids").forEach(id -> ids.add(id.intValue()));
        return ids;
    }
}
