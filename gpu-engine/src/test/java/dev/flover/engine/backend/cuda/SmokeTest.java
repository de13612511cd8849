package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.cuda.StubDriver.Timing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs `bundle/smoke.cpp`, which checks the kernels without Java, on the driver library that needs no device.
class SmokeTest {
    private static final int FATBIN_MAGIC = 0xBA55ED50;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void compile() throws IOException {
        Assumptions.assumeTrue(System.getProperty("os.name").equals("Linux"), "libcuda.so.1 is Linux's");
        EmulatedBackends.driver().close();
        HostCompiler.find().orElseThrow().run(folder.resolve("compiler.log"), "-Wno-unknown-pragmas",
                "-I", "src/main/cuda/include", "-I", "src/test/cuda", "-o", folder.resolve("smoke").toString(),
                "../bundle/smoke.cpp", "-ldl");
        var image = new byte[64];
        for (int i = 0; i < 4; i++) {
            image[i] = (byte) (FATBIN_MAGIC >>> 8 * i);
        }
        Files.write(folder.resolve("fatbin"), image);
    }

    @ParameterizedTest
    @EnumSource(Timing.class)
    void allChecksPassWithoutJava(Timing timing) throws IOException, InterruptedException {
        var log = folder.resolve("log");
        var builder = new ProcessBuilder(
                folder.resolve("smoke").toString(), folder.resolve("fatbin").toString(), "small");
        builder.environment().put("LD_LIBRARY_PATH", StubDriver.library().getParent().toString());
        builder.environment().put("FLOVER_STUB_TIMING", String.valueOf(timing.ordinal()));
        var process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly();
        }

        assertThat(Files.readAllLines(log)).filteredOn(line -> line.startsWith("ok ")).hasSize(27);
        assertThat(Files.readString(log)).doesNotContain("FAILED").endsWith("0 failures\n");
        assertThat(process.exitValue()).isZero();
    }
}
