package dev.flover.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// Runs the measuring programs as commands of `flover`.
class InstrumentsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"bench", "verify-delivery"})
    void everyInstrumentIsListedAndExplainsItself(String command) {
        assertThat(Console.run("--help").out()).contains("\n  " + command + " ");
        var run = Console.run(command, "--help");

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Usage: flover " + command).contains("--help");
        assertThat(run.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(run.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bench pipeline", "bench engine", "bench fusion", "bench constraints"})
    void everyBenchmarkExplainsItselfWithoutWarnings(String command) {
        var run = Console.run((command + " --help").split(" "));

        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Usage: flover " + command);
        assertThat(run.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bench pipeline", "bench engine", "bench fusion", "verify-delivery"})
    void aWrongBackendIsSaidBeforeAnythingIsStarted(String command) {
        assertUsageError(Console.run((command + " --backend abacus").split(" ")), "--backend abacus: ", "cpu");
        assertUsageError(Console.run((command + " --threads -1").split(" ")), "--threads must be at least 0, was -1");
    }

    @Test
    void benchWithoutABenchmarkIsWrongUsage() {
        assertUsageError(Console.run("bench"), "a benchmark is missing");
    }

    @Test
    void aFileThatABenchmarkCannotReadOrWriteIsSaidBeforeItMeasures() throws IOException {
        Path binary = Files.write(folder.resolve("binary.csv"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        Path nowhere = folder.resolve("nowhere").resolve("figures.json");

        assertFailure(Console.run("bench", "pipeline", "--trace", folder.toString()), "it is a folder");
        assertFailure(Console.run("bench", "pipeline", "--trace", binary.toString()), "it is not UTF-8 text");
        assertFailure(Console.run("bench", "pipeline", "--trace", nowhere.toString()), "there is no such file");
        assertFailure(Console.run("bench", "fusion", "--json", nowhere.toString()), "there is no folder");
        assertFailure(Console.run("bench", "fusion", "--html", folder.toString()), "is a folder");
    }

    @Test
    void everyCommandThatLoadsAModelTakesAContext() {
        var nowhere = new PrintWriter(Writer.nullWriter());
        var withModel = new ArrayList<String>();
        collect(Main.commandLine(nowhere, nowhere), withModel);

        assertThat(withModel).contains("flover generate", "flover up", "flover demo", "flover inspect",
                "flover bench engine", "flover bench loading", "flover verify-delivery", "flover verify-batch");
    }

    /// Collects the commands with a model file, each of which must have `--context`, too, unless it only reads the
    /// vocabulary.
    private static void collect(CommandLine command, List<String> withModel) {
        var model = command.getCommandSpec().findOption("--model");
        if (model != null && model.type() == Path.class || command.getCommandName().equals("up")) {
            String name = command.getCommandSpec().qualifiedName();
            assertThat(command.getCommandSpec().findOption("--context") == null).as(name + " has no --context")
                    .isEqualTo(name.equals("flover tokenize"));
            withModel.add(name);
        }
        command.getSubcommands().values().forEach(each -> collect(each, withModel));
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
