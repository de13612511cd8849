package dev.flover.benchmarks.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flover.app.Main;
import dev.flover.embedded.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Flover as a child process that gets a signal while it has children of its own and a temporary folder.
class SignalTest {
    private static final int LIMIT_S = 30;
    private static final long LOOK_NANOS = 10_000_000;
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final long SIGINT_BIT = 1 << 1;

    @TempDir
    Path temporary;

    private Process program;

    @AfterEach
    void endTheProgram() {
        if (program != null) {
            program.descendants().forEach(ProcessHandle::destroyForcibly);
            program.destroyForcibly();
        }
    }

    @Test
    void ctrlCWhileTheBrokerStartsLeavesNothing() throws Exception {
        assumeThat(ignoresInterrupts()).as("SIGINT is ignored here, so children ignore it, too").isFalse();
        start();
        var children = awaitChildren();

        signal("INT");

        assertThat(exitCode()).isEqualTo(130);
        assertNothingIsLeft(children);
    }

    @Test
    void sigtermWhileItMeasuresLeavesNothing() throws Exception {
        start();
        readUntil("round 1 of ");
        var children = awaitChildren();

        signal("TERM");

        assertThat(exitCode()).isEqualTo(143);
        assertNothingIsLeft(children);
        assertThat(program.inputReader().lines().filter(line -> line.startsWith("flover: "))).hasSizeLessThan(2);
    }

    private void start() throws IOException {
        program = new ProcessBuilder(JavaCommand.ofEngine(Main.class)
                .with("-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + temporary)
                .arguments("bench", "pipeline", "--requests", "4", "--prompt-tokens", "4", "--gen-tokens", "4",
                        "--warm-up-s", "0", "--repeat", "100").line())
                .redirectErrorStream(true).start();
    }

    private Set<ProcessHandle> awaitChildren() {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        Set<ProcessHandle> children;
        do {
            assertThat(System.nanoTime()).as("no broker was started").isLessThan(giveUp);
            LockSupport.parkNanos(LOOK_NANOS);
            children = program.descendants().collect(Collectors.toSet());
        } while (children.isEmpty());
        return children;
    }

    private void readUntil(String text) throws IOException {
        var said = new ArrayList<String>();
        var out = program.inputReader();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            said.add(line);
            if (line.contains(text)) {
                return;
            }
        }
        throw new AssertionError("the program ended without '" + text + "':\n" + String.join("\n", said));
    }

    private void signal(String name) throws IOException, InterruptedException {
        var kill = new ProcessBuilder("kill", "-" + name, Long.toString(program.pid())).inheritIO().start();
        assertThat(kill.waitFor()).isZero();
    }

    private int exitCode() throws InterruptedException {
        assertThat(program.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        return program.exitValue();
    }

    private void assertNothingIsLeft(Set<ProcessHandle> children) {
        assertThat(children).isNotEmpty();
        for (var child : children) {
            assertThatCode(() -> child.onExit().get(LIMIT_S, TimeUnit.SECONDS)).doesNotThrowAnyException();
        }
        assertThat(temporary).isDirectoryNotContaining(path -> path.getFileName().toString().startsWith("flover-"));
    }

    /// Tells whether this process ignores SIGINT, as a job does that a shell started in the background.
    private static boolean ignoresInterrupts() throws IOException {
        return Files.exists(STATUS) && Files.readAllLines(STATUS).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & SIGINT_BIT) != 0);
    }
}
