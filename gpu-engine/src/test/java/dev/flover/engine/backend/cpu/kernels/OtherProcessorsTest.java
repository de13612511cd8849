package dev.flover.engine.backend.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kernels for processors that the build does not run on, compiled by a cross compiler and run by an emulator.
@Tag("long")
class OtherProcessorsTest {
    private static final String COMPILER = "aarch64-linux-gnu-gcc";
    private static final String EMULATOR = "qemu-aarch64";
    private static final Path SOURCES = Path.of("src", "main", "c");

    @TempDir
    private Path folder;

    @Test
    void dotProductsOnArmHaveTheBitsOfPortableC() throws IOException, InterruptedException {
        assumeTrue(exists(COMPILER) && exists(EMULATOR),
                "needs Debian's gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        run(java, SOURCES.resolve("CompileKernels.java").toString(), SOURCES.toString(), folder.toString(), "aarch64");
        String library = folder.resolve("native/linux-aarch64/libflover-kernels.so").toString();
        String program = folder.resolve("compare").toString();
        run(COMPILER, "-O1", "-std=c17", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", "-I" + SOURCES,
                "-DFIRST=dotprod", "-DSECOND=plain", Path.of("src", "test", "c", "compare_sets.c").toString(), library,
                "-lm", "-o", program);

        String printed = run(EMULATOR, "-cpu", "max", "-L", "/usr/aarch64-linux-gnu", program);

        assertThat(printed.lines()).hasSize(35).allSatisfy(line -> assertThat(line).endsWith(" equal"));
    }

    private static boolean exists(String program) {
        try {
            return new ProcessBuilder(program, "--version").redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    /// Runs a program to its end, and returns what it printed.
    private static String run(String... command) throws IOException, InterruptedException {
        var arguments = new ArrayList<>(List.of(command));
        var builder = new ProcessBuilder(arguments).redirectErrorStream(true);
        builder.environment().put("CC", COMPILER);
        var process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(10, TimeUnit.MINUTES)).as(command[0]).isTrue();
        assertThat(process.exitValue()).as(printed).isZero();
        return printed;
    }
}
