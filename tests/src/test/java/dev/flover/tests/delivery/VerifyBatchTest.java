package dev.flover.tests.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.Main;
import dev.flover.embedded.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyBatchTest {
    private static final List<Path> PLACES = List.of(
            Path.of("..", "models", "novelist-f16.gguf"), Path.of("..", "..", "shared", "models", "novelist-f16.gguf"));
    private static final int LIMIT_S = 300;

    @TempDir
    Path temporary;

    private Process command;

    @AfterEach
    void endTheCommand() {
        if (command != null) {
            command.descendants().forEach(ProcessHandle::destroyForcibly);
            command.destroyForcibly();
        }
    }

    @Test
    @Tag("long")
    void killsOfCommandPipelineAndBrokerChangeNoLine() throws IOException, InterruptedException {
        var model = PLACES.stream().filter(Files::exists).findFirst();
        Assumptions.assumeTrue(model.isPresent(), "the bundled model is not here: " + PLACES);
        command = new ProcessBuilder(JavaCommand.ofEngine(Main.class).with("-Xmx256m", "-XX:TieredStopAtLevel=1",
                        "-Djava.io.tmpdir=" + temporary)
                .arguments("verify-batch", "--model", model.get().toString(), "--lines", "600", "--kills", "6",
                        "--pause-ms", "3000").line()).redirectErrorStream(true).start();
        String said = command.inputReader().lines().collect(Collectors.joining("\n"));
        assertThat(command.waitFor(LIMIT_S, TimeUnit.SECONDS)).as(said).isTrue();
        System.out.println(said);
        assertThat(said).contains("passed: both outputs have the same 600 lines");
        assertThat(command.exitValue()).isZero();
    }
}
