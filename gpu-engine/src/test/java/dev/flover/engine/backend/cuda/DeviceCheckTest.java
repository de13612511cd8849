package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs `bundle/device-check.sh` with a stand-in for Flover's program: tests its time limits, the order of its stages
/// and its table.
class DeviceCheckTest {
    @TempDir
    private Path folder;

    private record Outcome(int status, List<String> table, String output) {}

    @BeforeEach
    void aShell() {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh");
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/timeout")), "no /usr/bin/timeout");
    }

    private Outcome check(String program, String budget, String... stages) throws IOException, InterruptedException {
        var flover = Files.writeString(folder.resolve("flover"), "#!/bin/sh\n" + program + "\n");
        assertThat(flover.toFile().setExecutable(true)).isTrue();
        var output = folder.resolve("output");
        var command = new ArrayList<>(List.of("/bin/sh", "../bundle/device-check.sh"));
        command.addAll(List.of(stages));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("FLOVER", flover.toString());
        builder.environment().put("OUT", folder.resolve("out").toString());
        builder.environment().put("BUDGET", budget);
        int status = builder.start().waitFor();
        return new Outcome(status, Files.readAllLines(folder.resolve("out/table.txt")), Files.readString(output));
    }

    @Test
    void eachStageLeavesALineAndItsLog() throws Exception {
        var outcome = check("echo \"$@\"", "60", "selfsmall", "story", "models");

        assertThat(outcome.status).isZero();
        assertThat(outcome.table).hasSize(3);
        assertThat(outcome.table.get(0)).matches("selfsmall +ok, \\d+ s");
        assertThat(outcome.table.get(1)).matches("story +ok, \\d+ s");
        assertThat(outcome.table.get(2)).matches("models +skipped: MODELS, a folder of model files, is not set");
        assertThat(folder.resolve("out/selfsmall.log")).content().isEqualTo("selftest --backend cuda --small\n");
        assertThat(folder.resolve("out/logs.tgz")).isNotEmptyFile();
    }

    @Test
    void aStageThatFailsIsNamedWithItsReasonAndTheOthersAreRun() throws Exception {
        var outcome = check("[ \"$1\" = generate ] || { echo 'FAILED: wrong bits'; exit 4; }", "60", "selfsmall",
                "story");

        assertThat(outcome.status).isEqualTo(1);
        assertThat(outcome.table.get(0)).matches("selfsmall +FAILED with 4, \\d+ s: FAILED: wrong bits");
        assertThat(outcome.table.get(1)).matches("story +ok, \\d+ s");
    }

    @Test
    void withoutSecondsNothingIsBegun() throws Exception {
        var outcome = check("touch " + folder.resolve("begun"), "0");

        assertThat(outcome.status).isZero();
        assertThat(outcome.table).hasSizeGreaterThan(10).allMatch(line -> line.endsWith("not run: no time left"));
        assertThat(folder.resolve("begun")).doesNotExist();
    }

    @Test
    void anUnknownStageIsRefused() throws Exception {
        var outcome = check("true", "60", "selfsmal");

        assertThat(outcome.status).isEqualTo(2);
        assertThat(outcome.output).contains("unknown stage selfsmal; the stages are listed at the top of");
    }
}
