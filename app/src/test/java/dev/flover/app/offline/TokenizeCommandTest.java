package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeCommandTest {
    @TempDir
    Path folder;

    @Test
    void aJsonStringALineBecomesALineOfIds() throws IOException {
        Path file = Files.writeString(folder.resolve("texts.jsonl"), "\"The old house\"\n\"\"\n\"a\\nb\"\n");

        var run = Console.run("tokenize", "--file", file.toString(), "--json");
        var bare = Console.run("tokenize", "--file", file.toString(), "--json", "--no-bos");

        assertThat(run.out().lines()).hasSize(3).startsWith("{\"ids\":[0,551,651,798]}", "{\"ids\":[0]}");
        assertThat(bare.out().lines()).hasSize(3).startsWith("{\"ids\":[551,651,798]}", "{\"ids\":[]}");
    }

    @Test
    void aTextOnTheCommandLineBecomesNumbers() {
        assertThat(Console.run("tokenize", "--text", "The old house").out()).isEqualTo("0 551 651 798\n");
    }

    @Test
    void aContextIsNoOption() {
        var run = Console.run("tokenize", "--text", "a", "--context", "8");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--context");
    }

    @Test
    void whatIsNoJsonStringIsNamedWithItsLine() throws IOException {
        Path file = Files.writeString(folder.resolve("texts.jsonl"), "\"fine\"\n{\"a\": 1}\n");

        var run = Console.run("tokenize", "--file", file.toString(), "--json");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("line 2: expected a JSON string, found {\"a\": 1}");
    }

    @Test
    void filesThatCannotBeReadAreNamedWithTheReason() throws IOException {
        Path latin = Files.write(folder.resolve("latin.txt"), "caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));

        assertThat(Console.run("tokenize", "--file", "nowhere.txt").err())
                .isEqualTo("flover: cannot read nowhere.txt: there is no such file\n");
        assertThat(Console.run("tokenize", "--file", latin.toString()).err()).endsWith("it is not UTF-8 text\n");
        assertThat(Console.run("tokenize", "--file", folder.toString()).err()).endsWith("it is a folder\n");
    }
}
