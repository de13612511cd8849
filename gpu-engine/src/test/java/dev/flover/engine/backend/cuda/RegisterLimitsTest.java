package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tests the build's check of the registers that the compiler reports: it accepts numbers within the table's limits,
/// and nothing else.
class RegisterLimitsTest {
    private static final String TABLE = """
            # kernel   threads  blocks
            project_*_8    256       4
            *              256       8
            """;

    @TempDir
    private Path folder;

    private record Outcome(int status, String output) {}

    @BeforeEach
    void aShell() {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh to run the build's check");
    }

    @Test
    void kernelsWithinTheirLimitsPass() throws Exception {
        var outcome = check(TABLE, line("project_f16_8", 64, 0), line("add", 32, 0));

        assertThat(outcome).isEqualTo(new Outcome(0, ""));
    }

    @Test
    void aRegisterTooManyFailsAndSaysWhatItWasFor() throws Exception {
        var outcome = check(TABLE, line("project_f16_8", 65, 0), line("add", 32, 0));

        assertThat(outcome.status).isNotZero();
        assertThat(outcome.output).contains("project_f16_8 uses 65 registers on sm_90a, but 4 blocks of 256 threads "
                + "allow it 64: reduce its registers, or lower the number of blocks in");
    }

    @Test
    void aSpillFails() throws Exception {
        var outcome = check(TABLE, line("project_f16_8", 64, 8), line("add", 12, 0));

        assertThat(outcome.status).isNotZero();
        assertThat(outcome.output).contains("project_f16_8 spills 8 bytes of registers on sm_90a");
    }

    @Test
    void aKernelWithoutALineAndALineWithoutAKernelFail() throws Exception {
        var outcome = check("project_*_8 256 4\nsample 512 2\n", line("project_f16_8", 64, 0), line("add", 12, 0));

        assertThat(outcome.status).isNotZero();
        assertThat(outcome.output).contains("add has no line in").contains("no kernel matches the line sample of");
    }

    @Test
    void aLineThatIsNoneFails() throws Exception {
        var outcome = check(TABLE + "sample 512\n", line("project_f16_8", 64, 0), line("add", 12, 0));

        assertThat(outcome.status).isNotZero();
        assertThat(outcome.output).contains("line 4: expected a kernel, threads and blocks, found \"sample 512\"");
    }

    private static String line(String kernel, int registers, int spilled) {
        return "%-26s %-7s %4d registers %5d bytes stack %5d bytes spilled".formatted(
                kernel, "sm_90a", registers, 0, spilled);
    }

    private Outcome check(String table, String... report) throws IOException, InterruptedException {
        var limits = Files.writeString(folder.resolve("table"), table);
        var kernels = Files.writeString(folder.resolve("report"), String.join("\n", report) + "\n");
        var output = folder.resolve("output");
        var process = new ProcessBuilder(
                "/bin/sh", "src/main/cuda/check-registers.sh", limits.toString(), kernels.toString())
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        return new Outcome(process.waitFor(), Files.readString(output));
    }
}
