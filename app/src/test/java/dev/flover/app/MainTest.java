package dev.flover.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MainTest {
    @TempDir
    Path folder;

    static Stream<String> commands() {
        var nowhere = new PrintWriter(Writer.nullWriter());
        return Main.commandLine(nowhere, nowhere).getSubcommands().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandExplainsItself(String command) {
        var run = Console.run(command, "--help");

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Usage: flover " + command).contains("--help");
        assertThat(run.err()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandIsListed(String command) {
        assertThat(Console.run("--help").out()).contains("\n  " + command + " ");
    }

    @Test
    void linesOfHelpFitAnOrdinaryTerminal() {
        assertThat(commands().flatMap(command -> Console.run(command, "--help").out().lines()))
                .allMatch(line -> line.length() <= 80);
    }

    @Test
    void versionNamesProgramAndJava() {
        var run = Console.run("--version");

        assertThat(run.code()).isZero();
        assertThat(run.out()).containsPattern("flover \\d+\\.\\d+").contains("Java " + Runtime.version());
    }

    @Test
    void wrongUsageIsExitCodeTwoAndPointsToHelp() {
        assertUsageError(Console.run(), "a command is missing");
        assertUsageError(Console.run("generat"), "there is no command generat", "Did you mean flover generate?");
        assertUsageError(Console.run("tial"), "there is no command tial", "Did you mean flover tail?");
        assertUsageError(Console.run("models", "hand-ovr"), "there is no command hand-ovr",
                "Did you mean flover models hand-over?");
        assertUsageError(Console.run("batch", "stats", "batch_1"), "there is no command stats",
                "Did you mean flover batch status?");
        assertUsageError(Console.run("xyzzy"), "there is no command xyzzy", "Try flover --help.");
        assertUsageError(Console.run("generate"), "--prompt", "--requests", "flover generate --help");
        assertUsageError(Console.run("generate", "--prompt", "a", "--requests", "b"), "mutually exclusive");
        assertUsageError(Console.run("generate", "--prompt", "a", "--top-p", "3"),
                "--top-p must be in (0, 1], was 3.0");
        assertUsageError(Console.run("generate", "--prompt", "a", "--temperature", "hot"), "--temperature", "hot");
        assertUsageError(Console.run("generate", "--prompt", "a", "--max-tokens", "0"),
                "--max-tokens must be at least 1");
        assertUsageError(Console.run("generate", "--prompt", "a", "--backend", "abacus"), "--backend abacus");
        assertUsageError(Console.run("generate", "--prompt", "a", "--max-sequences", "0"),
                "--max-sequences must be in [1, 4096], was 0");
        assertUsageError(Console.run("up", "--embedded", "--bootstrap-servers", "a:1"),
                "embedded (--embedded) brings its own", "bootstrap-servers = a:1 (--bootstrap-servers)");
        assertUsageError(Console.run("up", "--metrics-port", "70000"),
                "--metrics-port must be a whole number in [0, 65535], was 70000");
        assertUsageError(Console.run("submit"), "PROMPT", "--prompt-file");
        assertUsageError(Console.run("submit", "a", "--prompt-file", "b"), "PROMPT, --prompt-file and --messages");
        assertUsageError(Console.run("submit", "a", "--answers", "0"), "--answers must be at least 1, was 0");
        assertUsageError(Console.run("up", "--application-id", "a b"), "--application-id", "was a b");
        assertUsageError(Console.run("submit", "a", "--priority", "101"), "--priority must be in [-100, 100], was 101");
        assertUsageError(Console.run("submit", "a", "--deadline-ms", "0"), "--deadline-ms must be in [1, ", "was 0");
        assertUsageError(Console.run("submit", "a", "--logprobs", "21"), "--logprobs must be in [0, 20], was 21");
    }

    @Test
    void aWrongBackendIsSaidBeforeAnythingIsStarted() {
        assertUsageError(Console.run("demo", "--backend", "abacus"), "--backend abacus: ", "cpu");
        assertUsageError(Console.run("demo", "--threads", "-1"), "--threads must be at least 0, was -1");
    }

    @Test
    void aFileThatCannotBeReadIsOneSentence() {
        assertFailure(Console.run("submit", "a", "--client-properties", folder.toString()), "it is a folder");
    }

    @Test
    void aMissingOrBrokenModelIsOneSentence() throws IOException {
        Path half = folder.resolve("half.gguf");
        byte[] whole = Files.readAllBytes(Path.of("..", "models", "novelist-f16.gguf"));
        Files.write(half, Arrays.copyOf(whole, whole.length / 2));

        assertFailure(Console.run("inspect", "--model", "nowhere.gguf"), "nowhere.gguf");
        assertFailure(Console.run("inspect", "--model", half.toString()), "half.gguf");
        assertFailure(Console.run("generate", "--prompt", "a", "--model", half.toString()), "half.gguf");
        assertFailure(Console.run("tokenize", "--text", "a", "--model", folder.toString()), folder.toString());
    }

    @Test
    void nobodyAtTheAddressIsOneSentenceThatSaysWhatToDo() {
        assertFailure(Console.run("submit", "a", "--bootstrap-servers", "127.0.0.1:1"),
                "no Kafka broker answers at 127.0.0.1:1", "flover up --embedded");
        assertUsageError(Console.run("cancel", "a", "--bootstrap-servers", "nonsense"), "host:port", "nonsense");
    }

    @Test
    void verboseShowsWhereItFailed() {
        assertThat(Console.run("--verbose", "inspect", "--model", "nowhere.gguf").err())
                .contains("ModelFileException").contains("\tat ");
    }

    private static void assertUsageError(Console run, String... parts) {
        assertThat(run.code()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).startsWith("flover: ").contains(parts).doesNotContain("\tat ");
        assertThat(run.out()).isEmpty();
    }

    private static void assertFailure(Console run, String... parts) {
        assertThat(run.code()).as(run.err()).isEqualTo(1);
        assertThat(run.err()).startsWith("flover: ").contains(parts).doesNotContain("\tat ");
        assertThat(run.err().lines()).hasSize(1);
    }
}
