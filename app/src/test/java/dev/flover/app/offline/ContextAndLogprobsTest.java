package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The options `--context` and `--logprobs` of commands that need only a model file.
class ContextAndLogprobsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STORIES = Path.of(
            "..", "gpu-engine", "src", "test", "resources", "stories260K", "stories260K-F32.gguf").toString();

    @TempDir
    private Path folder;

    @Test
    void logprobsZeroGivesTheTokensOwnLogprobAndNoAlternatives() throws IOException {
        var answer = answer("--logprobs", "0");

        assertThat(answer.get("logprobs")).hasSize(3);
        for (var token : answer.get("logprobs")) {
            assertThat(token.get("logprob").floatValue()).isNegative();
            assertThat(token.get("alternatives")).isEmpty();
        }
        var words = Console.run("generate", "--model", STORIES, "--prompt", "Once", "--max-tokens", "3", "--logprobs",
                "0");
        assertThat(words.code()).as(words.err()).isZero();
    }

    @Test
    void theContextBoundsPromptAndAnswerTogether() throws IOException {
        var whole = answer("--context", "64", "--max-tokens", "60");
        var bounded = answer("--context", "16", "--max-tokens", "60");

        int tokens = bounded.get("prompt_ids").size() + bounded.get("token_ids").size();
        assertThat(tokens).isBetween(16, 17);     // the last token needs no position of its own
        assertThat(bounded.get("finish_reason").textValue()).isEqualTo("length");
        for (int i = 0; i < bounded.get("token_ids").size(); i++) {
            assertThat(bounded.get("token_ids").get(i)).isEqualTo(whole.get("token_ids").get(i));
        }
    }

    @Test
    void aPromptThatLeavesNoRoomInTheContextIsRefusedWithBothNumbers() {
        var run = Console.run("generate", "--model", STORIES, "--context", "4", "--prompt",
                "Once upon a time there was a little girl");

        assertThat(run.code()).isNotZero();
        assertThat(run.err()).contains("context of 4").doesNotContain("Exception");
    }

    @Test
    void inspectShowsTheContextThatWasAskedFor() throws IOException {
        var run = Console.run("inspect", "--model", STORIES, "--context", "100", "--json");

        assertThat(run.code()).as(run.err()).isZero();
        assertThat(JSON.readTree(run.out()).get("context_length").intValue()).isEqualTo(100);
    }

    @Test
    void aFormatOfTheKvCacheThatABackendLacksIsRefused() {
        var bits = Console.run("generate", "--model", STORIES, "--kv-bits", "12", "--prompt", "Once");
        assertThat(bits.code()).isEqualTo(2);
        assertThat(bits.err()).contains("8 or 16 bits, found 12").doesNotContain("Exception");

        var backend = Console.run(
                "generate", "--model", STORIES, "--kv-bits", "8", "--backend", "reference", "--prompt", "Once");
        assertThat(backend.code()).isEqualTo(2);
        assertThat(backend.err()).contains("needs the backend cpu").doesNotContain("Exception");
    }

    @Test
    void packedWeightsAreKeptByTheFirstStartAndMappedByTheNext() throws IOException {
        var kept = folder.resolve("packed");
        String[] command = {"generate", "--model", STORIES, "--backend", "cpu", "--packed-weights", kept.toString(),
            "--prompt", "Once", "--max-tokens", "20"};
        var first = Console.run(command);
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.err()).contains("weights: packed now, and kept in " + kept);

        var second = Console.run(command);
        assertThat(second.err()).contains("weights: mapped from " + kept);
        assertThat(second.out()).isEqualTo(first.out()).isNotBlank();

        var other = Console.run("generate", "--model", STORIES, "--backend", "reference", "--packed-weights",
                kept.toString(), "--prompt", "Once");
        assertThat(other.code()).isEqualTo(2);
        assertThat(other.err()).contains("--packed-weights " + kept + ": packed weights are kept by the backend cpu")
                .doesNotContain("Exception");
        var file = Files.writeString(folder.resolve("file"), "");
        var noFolder = Console.run("generate", "--model", STORIES, "--backend", "cpu", "--packed-weights",
                file.toString(), "--prompt", "Once");
        assertThat(noFolder.code()).isEqualTo(2);
        assertThat(noFolder.err()).contains("is not a folder").doesNotContain("Exception");
    }

    @Test
    void inspectCountsKeysAndValuesByTheirBits() throws IOException {
        var file = Path.of("..", "models", "novelist-f16.gguf").toString();
        var half = JSON.readTree(Console.run("inspect", "--model", file, "--json").out());
        var bytes = JSON.readTree(Console.run("inspect", "--model", file, "--kv-bits", "8", "--json").out());
        int scales = 2 * half.get("layers").intValue() * half.get("kv_heads").intValue();
        assertThat(bytes.get("cached_bytes").intValue())
                .isEqualTo(half.get("cached_bytes").intValue() / 2 + 4 * scales);

        var wrong = Console.run("inspect", "--model", file, "--kv-bits", "4");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("8 or 16 bits, found 4").doesNotContain("Exception");
    }

    @Test
    void inspectStatesTheBytesOfACachedPosition() throws IOException {
        for (var file : new String[] {STORIES, Path.of("..", "models", "novelist-f16.gguf").toString()}) {
            var run = Console.run("inspect", "--model", file, "--json");

            assertThat(run.code()).as(run.err()).isZero();
            var shape = JSON.readTree(run.out());
            int numbers = 2 * shape.get("layers").intValue() * shape.get("kv_heads").intValue()
                    * shape.get("head_dim").intValue();
            assertThat(shape.get("cached_bytes").intValue()).as(file)
                    .isEqualTo(numbers * (file.equals(STORIES) ? 4 : 2));
        }
    }

    private JsonNode answer(String... options) throws IOException {
        var file = Files.writeString(folder.resolve("requests.jsonl"), "{\"prompt\": \"Once upon\"}\n");
        var arguments = new ArrayList<>(List.of(
                "generate", "--model", STORIES, "--json", "--max-tokens", "3", "--requests", file.toString()));
        for (int i = 0; i < options.length; i += 2) {
            int at = arguments.indexOf(options[i]);
            if (at >= 0) {
                arguments.set(at + 1, options[i + 1]);
            } else {
                arguments.add(options[i]);
                arguments.add(options[i + 1]);
            }
        }
        var run = Console.run(arguments.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        return JSON.readTree(run.out());
    }
}
