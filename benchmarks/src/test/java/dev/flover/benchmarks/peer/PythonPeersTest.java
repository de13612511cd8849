package dev.flover.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs the scripts that measure Python's engines on a Python without their libraries.
class PythonPeersTest {
    private static final int SKIPPED = 77;

    @ParameterizedTest
    @ValueSource(strings = {"torch_graphs.py", "transformers_generate.py"})
    void withoutTheirLibraryTheySayWhichIsMissingAndAreSkipped(String script) throws InterruptedException {
        var process = start("python3", "-S", "-B", "peers/" + script, "--shape", "tiny");
        String output = output(process);

        assertThat(process.waitFor()).as(output).isEqualTo(SKIPPED);
        assertThat(output).containsPattern("^torch is not installed for \\S+: it is what this script measures");
    }

    private static Process start(String... command) {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            Assumptions.abort("no python3 here: " + e.getMessage());
            throw new AssertionError(e);
        }
    }

    private static String output(Process process) {
        try (var output = process.getInputStream()) {
            return new String(output.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
