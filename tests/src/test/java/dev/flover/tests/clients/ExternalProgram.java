package dev.flover.tests.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program from outside this project, such as kcat. If it is not installed, the test is skipped with a message that
/// says how to install it.
public record ExternalProgram(List<String> command) {
    private static final int LIMIT_S = 60;

    static ExternalProgram kafkajs() {
        return node("client.mjs", "kafkajs");
    }

    /// Makes a program of a script for Node.js, if Node.js and the package `needed` are installed; otherwise skips the
    /// test.
    public static ExternalProgram node(String name, String needed) {
        var script = Path.of("src", "test", "js", name);
        assumeTrue(isInstalled("node"), "node is not installed");
        assumeTrue(Files.isDirectory(script.resolveSibling("node_modules").resolve(needed)),
                "the package " + needed + " is not installed: npm ci --prefix tests/src/test/js");
        return new ExternalProgram(List.of("node", script.toString()));
    }

    static ExternalProgram kcat() {
        assumeTrue(isInstalled("kcat"), "kcat is not installed");
        return new ExternalProgram(List.of("kcat"));
    }

    /// Runs the program with `input` on its standard input, until it ends, and returns the lines that it printed. Fails
    /// if it does not end within 60 s or ends with an exit status other than 0.
    public List<String> run(String input, String... arguments) throws IOException, InterruptedException {
        var line = new ArrayList<>(command);
        line.addAll(List.of(arguments));
        var out = Files.createTempFile("flover-client", ".out");
        var err = Files.createTempFile("flover-client", ".err");
        try {
            var process = new ProcessBuilder(line).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            }
            boolean ended = process.waitFor(LIMIT_S, TimeUnit.SECONDS);
            process.destroyForcibly().waitFor();
            assertThat(ended).as("%s ended within %d s: %s", line, LIMIT_S, Files.readString(err)).isTrue();
            assertThat(process.exitValue()).as("%s: %s", line, Files.readString(err)).isZero();
            return Files.readAllLines(out);
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static boolean isInstalled(String program) {
        for (var folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
