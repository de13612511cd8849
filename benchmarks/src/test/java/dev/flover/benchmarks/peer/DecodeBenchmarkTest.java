package dev.flover.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DecodeBenchmarkTest {
    @Test
    void aRowIsOursOverTheirsForEachBatchSize(@TempDir Path folder) throws IOException {
        var theirs = folder.resolve("llama-batched-bench");
        Files.writeString(theirs, """
                #!/bin/sh
                echo 'a line that is no result'
                echo '{"pl": 1, "speed_pp": 1000000000.0, "speed_tg": 2000000000.0}'
                echo '{"pl": 2, "speed_pp": 1000000000.0, "speed_tg": 4000000000.0}'
                """);
        Files.setPosixFilePermissions(theirs, PosixFilePermissions.fromString("rwx------"));
        var out = new StringWriter();

        int code = new CommandLine(new DecodeBenchmark()).setOut(new PrintWriter(out, true)).execute(
                "--llama-batched-bench", theirs.toString(), "--batch", "1,2", "--prompt-tokens", "4",
                "--gen-tokens", "4", "--rounds", "1", "../models/novelist-f16.gguf");

        assertThat(code).isZero();
        assertThat(out.toString()).contains("| decode, batch 1 | decode, batch 2 | prefill of 4, batch 1 |");
        assertThat(out.toString()).containsPattern(
                "\\| novelist-f16.gguf \\| \\d+ / 2000000000 = 0.0 \\| \\d+ / 4000000000 = 0.0 \\| \\d+ / 1000000000");
    }
}
