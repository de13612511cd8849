package dev.flover.tests.house;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The script `flover`, run in a folder whose build and JDK are fakes that only record how they are called.
class LauncherTest {
    private static final Path SCRIPT = Path.of("").toAbsolutePath().resolveSibling("flover");

    @TempDir
    private Path home;

    @BeforeEach
    void makeAFolderThatIsNotBuilt() throws IOException {
        Files.copy(SCRIPT, home.resolve("flover"));
        for (var module : List.of("schemas", "gpu-engine", "topology", "http", "embedded", "app", "benchmarks")) {
            Files.createDirectories(home.resolve(module));
        }
        Files.createFile(home.resolve("pom.xml"));
        program("mvnw", """
                echo built >> notes
                sleep 1
                mkdir -p app/target benchmarks/target
                touch app/target/flover-app.jar app/target/jvm.options benchmarks/target/built
                """);
        program("jdk/bin/javac", "");
        program("jdk/bin/java", """
                for word in "$@"; do
                    case "$word" in
                        -XX:AOTCacheOutput=*) echo prepared >> notes; sleep 1; touch "${word#*=}"; exit ;;
                    esac
                done
                echo started >> notes
                """);
        Files.writeString(home.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
    }

    private void program(String name, String lines) throws IOException {
        var file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + lines);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private Process start(String... arguments) throws IOException {
        var builder = new ProcessBuilder(Stream.concat(Stream.of(home.resolve("flover").toString()),
                Stream.of(arguments)).toList()).directory(home.toFile()).redirectErrorStream(true);
        builder.environment().put("FLOVER_JAVA_HOME", home.resolve("jdk").toString());
        return builder.start();
    }

    private static String said(Process process) throws IOException, InterruptedException {
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }

    @Test
    void processesThatStartAtOnceBuildAndPrepareOnce() throws Exception {
        var processes = List.of(start("up"), start("up"), start("submit", "Once"));
        var said = processes.stream().map(process -> {
            try {
                return said(process);
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        }).toList();
        assertThat(said).anyMatch(lines -> lines.contains("which builds here"));
        assertThat(notes()).containsExactlyInAnyOrder("built", "prepared", "started", "started", "started");
    }

    @Test
    void aLockOfAProcessThatIsGoneHoldsNobodyUp() throws Exception {
        var gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Files.createDirectories(home.resolve("target"));
        Files.createSymbolicLink(home.resolve("target/flover-build.lock"), Path.of(Long.toString(gone.pid())));
        said(start("submit", "Once"));
        assertThat(notes()).containsExactly("built", "started");
    }

    private List<String> notes() throws IOException {
        return Files.readAllLines(home.resolve("notes"));
    }
}
