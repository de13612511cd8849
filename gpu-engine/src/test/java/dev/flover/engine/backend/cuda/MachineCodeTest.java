package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tests the build's check of machine code, which counts instructions in the output of `cuobjdump`.
class MachineCodeTest {
    /// Lines of a real disassembly, shortened to the parts that the check reads.
    private static final String CODE = """
            Fatbin elf code:
            ================
            arch = sm_90

            \tcode for sm_90a
            \t\tFunction : project_f16_8
            \t.headerflags\t@"EF_CUDA_SM90"
                    /*0000*/                   LDC R1, c[0x0][0x28] ;         /* 0x00000a00ff017b82 */
                                                                              /* 0x000fe20000000800 */
                    /*0010*/                   LDG.E.128.CONSTANT R4, desc[UR4][R2.64] ;  /* 0x0000000402047981 */
                    /*0020*/              @!P0 LDG.E.NA.128 R8, desc[UR4][R2.64] ;        /* 0x0000000402047981 */
                    /*0030*/                   HMMA.16816.F32 R4, R4, R8, RZ ;            /* 0x0000000804047239 */
                    /*0040*/              @P1  EXIT ;                                     /* 0x000000000000794d */
            \t\tFunction : sample
                    /*0000*/                   STL [R1], R2 ;                             /* 0x0000000402047981 */
                    /*0010*/                   LDG.E R2, desc[UR4][R2.64] ;               /* 0x0000000402047981 */
            """;

    @TempDir
    private Path folder;

    private record Outcome(int status, String output) {}

    @BeforeEach
    void aShell() {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh to run the build's check");
    }

    @Test
    void operationsWithAnyModifiersAreCountedByKernel() throws Exception {
        var outcome = check("project_* LDG*.128* 2 2\n* LDG* 1 -\nproject_*_8 HMMA* 1 1  # one step\n", CODE);

        assertThat(outcome).isEqualTo(new Outcome(0, ""));
        assertThat(Files.readAllLines(folder.resolve("report"))).containsExactly(
                "project_f16_8              sm_90a LDG*.128*       2",
                "project_f16_8              sm_90a LDG*            2",
                "project_f16_8              sm_90a HMMA*           1",
                "sample                     sm_90a LDG*            1");
    }

    @Test
    void tooManyAndTooFewFailAndAreNamed() throws Exception {
        var outcome = check("* STL* 0 0\nproject_* HMMA* 4 4\nproject_* LDG*.128* 8 -\n", CODE);

        assertThat(outcome.status).isNotZero();
        assertThat(outcome.output).contains("sample has 1 instructions STL* on sm_90a; expected 0 to 0")
                .contains("project_f16_8 has 1 instructions HMMA* on sm_90a; expected 4 to 4")
                .contains("project_f16_8 has 2 instructions LDG*.128* on sm_90a; expected 8 or more");
    }

    @Test
    void aLineThatFitsNothingFails() throws Exception {
        var outcome = check("projekt_* HMMA* 1 -\nsample HMMA*\n", CODE);

        assertThat(outcome.status).isNotZero();
        assertThat(outcome.output).contains("no kernel matches the line projekt_* HMMA* of")
                .contains("line 2: expected a kernel, an operation, least and most, found \"sample HMMA*\"");
    }

    @Test
    void aDisassemblyThatCannotBeReadFails() throws Exception {
        var outcome = check("* STL* 0 0\n", "cuobjdump info: no code\n");

        assertThat(outcome.status).isNotZero();
        assertThat(outcome.output).contains("no kernel in the disassembly; the output of cuobjdump has changed");
    }

    private Outcome check(String table, String code) throws IOException, InterruptedException {
        var lines = Files.writeString(folder.resolve("table"), table);
        var disassembly = Files.writeString(folder.resolve("code"), code);
        var output = folder.resolve("output");
        var process = new ProcessBuilder("/bin/sh", "src/main/cuda/check-machine-code.sh", lines.toString(), "-",
                folder.resolve("report").toString(), disassembly.toString())
                .redirectErrorStream(true).redirectOutput(output.toFile()).start();
        return new Outcome(process.waitFor(), Files.readString(output));
    }
}
