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
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A program from outside this project, such as kcat. If it is not installed, the test is skipped with a message that
/// says how to install it.
///
/// @param limitS the longest time that a run may take
public record ExternalProgram(List<String> command, int limitS) {
    private static final int LIMIT_S = 60;
    private static final int LIMIT_OF_SUITE_S = 300;
    private static final Path EXAMPLES = Path.of("..", "examples");
    private static final Path SCRIPTS = Path.of("src", "test", "js");

    private ExternalProgram(List<String> command) {
        this(command, LIMIT_S);
    }

    /// Makes a program of an example in Java, which is run from its source with this JVM's libraries.
    public static ExternalProgram java(String example) {
        return new ExternalProgram(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), EXAMPLES.resolve(example).toString()));
    }

    /// Makes a program of an example in Java, which a JDK 17 runs from its source with the libraries of a client
    /// program alone.
    public static ExternalProgram java17(String example) throws IOException {
        var client = Path.of("..", "client", "target");
        var classPath = client.resolve("classes").toAbsolutePath() + File.pathSeparator
                + Files.readString(client.resolve("class-path.txt"));
        return new ExternalProgram(List.of(Jdk17.find().toString(), "-cp", classPath,
                EXAMPLES.resolve(example).toString()));
    }

    /// Makes a program of an example for the shell that needs another program.
    public static ExternalProgram shell(String example, String needed) {
        assumeTrue(isInstalled("sh"), "sh is not installed");
        assumeTrue(isInstalled(needed), needed + " is not installed");
        return new ExternalProgram(List.of("sh", EXAMPLES.resolve(example).toString()));
    }

    /// An example in JavaScript. Node looks for packages beside the file that imports them; `libraries.mjs` lets it
    /// look beside the tests' scripts instead.
    public static ExternalProgram nodeExample(String example, String needed) {
        assumePackage(needed);
        return new ExternalProgram(List.of("node", "--import", SCRIPTS.resolve("libraries.mjs").toUri().toString(),
                EXAMPLES.resolve(example).toString()));
    }

    /// Makes a program of an example in Python, if a Python has the module that it needs.
    public static ExternalProgram python(String example, String needed) throws IOException, InterruptedException {
        for (var python : List.of("python3", "/usr/bin/python3")) {
            if (isInstalled(python) && new ProcessBuilder(python, "-c", "import " + needed)
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0) {
                return new ExternalProgram(List.of(python, EXAMPLES.resolve(example).toString()));
            }
        }
        assumeTrue(false, "no Python has the module " + needed + ": pip install " + needed.replace('_', '-')
                + ", or Debian's python3-" + needed.replace('_', '-'));
        throw new AssertionError();
    }

    static ExternalProgram kafkajs() {
        return node("client.mjs", "kafkajs");
    }

    /// Makes a program of a script for Node.js, if Node.js and the package `needed` are installed; otherwise skips the
    /// test.
    public static ExternalProgram node(String name, String needed) {
        assumePackage(needed);
        return new ExternalProgram(List.of("node", SCRIPTS.resolve(name).toString()));
    }

    /// Makes a program of a file of tests for vitest. It ends with another status than 0 if a test fails.
    public static ExternalProgram vitest(String name, String needed) {
        assumePackage(needed);
        return new ExternalProgram(List.of("node", SCRIPTS.resolve("node_modules/vitest/vitest.mjs").toString(), "run",
                "--root", SCRIPTS.toString(), name), LIMIT_OF_SUITE_S);
    }

    /// @param seconds the longest time that a run may take
    public ExternalProgram withLimit(int seconds) {
        return new ExternalProgram(command, seconds);
    }

    private static void assumePackage(String needed) {
        assumeTrue(isInstalled("node"), "node is not installed");
        assumeTrue(Files.isDirectory(SCRIPTS.resolve("node_modules").resolve(needed)),
                "the package " + needed + " is not installed: npm ci --prefix tests/src/test/js");
    }

    static ExternalProgram kcat() {
        assumeTrue(isInstalled("kcat"), "kcat is not installed");
        return new ExternalProgram(List.of("kcat"));
    }

    /// Prometheus' tool, which checks and tests rules.
    public static ExternalProgram promtool() {
        assumeTrue(isInstalled("promtool"), "promtool is not installed; it is in Debian's package prometheus");
        return new ExternalProgram(List.of("promtool"));
    }

    /// Runs the program with `input` on its standard input, until it ends, and returns the lines that it printed. Fails
    /// if it does not end within its limit or ends with an exit status other than 0.
    public List<String> run(String input, String... arguments) throws IOException, InterruptedException {
        return run(input, Map.of(), arguments);
    }

    /// @param environment further variables of the program's environment
    public List<String> run(String input, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        var line = new ArrayList<>(command);
        line.addAll(List.of(arguments));
        var out = Files.createTempFile("flover-client", ".out");
        var err = Files.createTempFile("flover-client", ".err");
        try {
            var builder = new ProcessBuilder(line).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().putAll(environment);
            var process = builder.start();
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            }
            boolean ended = process.waitFor(limitS, TimeUnit.SECONDS);
            process.destroyForcibly().waitFor();
            assertThat(ended).as("%s ended within %d s: %s", line, limitS, Files.readString(err)).isTrue();
            assertThat(process.exitValue()).as("%s: %s", line, Files.readString(err)).isZero();
            return Files.readAllLines(out);
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static boolean isInstalled(String program) {
        if (program.startsWith("/")) {
            return Files.isExecutable(Path.of(program));
        }
        for (var folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
