package dev.flover.benchmarks.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DecodeBenchmarkTest {
    private static final String MODEL = "../models/novelist-f16.gguf";

    @TempDir
    Path folder;

    @Test
    void aRowIsOursOverEachPeerForEachBatchSize() throws IOException {
        var llama = program("llama", """
                echo 'a line that is no result'
                echo '{"pl": 1, "speed_pp": 1000000000.0, "speed_tg": 2000000000.0}'
                echo '{"pl": 2, "speed_pp": 1000000000.0, "speed_tg": 4000000000.0}'
                """);
        // prints its table as ik_llama.cpp does, and is faster with -rtr, as is prefill without
        var ik = program("ik", """
                case "$*" in *-rtr*) tg=7000000000.0 pp=1.0 ;; *) tg=5000000000.0 pp=3000000000.0 ;; esac
                echo '|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s | and further columns |' >&2
                echo "|     4 |      4 |    1 |      8 |    0.010 | $pp |    0.030 |  $tg |    0.040 |   800.00 |" >&2
                echo "|     4 |      4 |    2 |     16 |    0.010 | $pp |    0.030 |  $tg |    0.040 |   800.00 |" >&2
                """);

        String table = table("--llama", llama, "--ik", ik, "--count-disturbed");

        assertThat(table).contains("| processor | decode, batch 1 | decode, batch 2 | prefill of 4, batch 1 |");
        assertThat(table).containsPattern("\\| novelist-f16.gguf \\| [^|]+ "
                + "\\| \\d+ / 2000000000 = 0.00; / 7000000000 = 0.00 \\| \\d+ / 4000000000 = 0.00; / 7000000000 = 0.00 "
                + "\\| \\d+ / 1000000000 = 0.00; / 3000000000 = 0.00 \\| [\\d.]+ / 0.00 / 0.00 / 0.00 "
                + "\\| 1 of 1, up to \\d+ % \\|");
    }

    @Test
    void aPeerWritesItsFilesToAFolderThatIsRemoved() throws IOException {
        var written = folder.resolve("written");
        var llama = program("llama", """
                echo 'a line of a log' > flover-test-of-peers.log
                pwd >> %s
                test -r "$2" && echo '{"pl": 1, "speed_pp": 1.0, "speed_tg": 2.0}' \
                    && echo '{"pl": 2, "speed_pp": 1.0, "speed_tg": 4.0}'
                """.formatted(written));

        var relative = Path.of("").toAbsolutePath().relativize(Path.of(llama)).toString();
        assertThat(table("--llama", relative, "--count-disturbed")).contains("| novelist-f16.gguf |");

        assertThat(Files.deleteIfExists(Path.of("flover-test-of-peers.log"))).isFalse();
        assertThat(Files.readAllLines(written)).hasSize(1).first().asString().contains("flover-peer-");
        assertThat(Path.of(Files.readString(written).strip())).doesNotExist();
    }

    @Test
    void aRoundThatOthersDisturbDoesNotCount() throws IOException {
        // A process that this test starts and that has not ended belongs to the others.
        var busy = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        try {
            var load = new ForeignLoad();
            while (load.share() < 0.01) {
                Thread.onSpinWait();
            }
            String table = table("--llama", program("llama", """
                    echo '{"pl": 1, "speed_pp": 1.0, "speed_tg": 2.0}'
                    echo '{"pl": 2, "speed_pp": 1.0, "speed_tg": 4.0}'
                    """), "--most-foreign", "0.01");

            assertThat(table).contains("| no quiet round | no quiet round | no quiet round |  | 0 of 3, at most 0 % |");
        } finally {
            busy.destroyForcibly();
        }
    }

    @Test
    void withoutAPeerTheUsageIsShown() {
        var errors = new StringWriter();

        int code = new CommandLine(new DecodeBenchmark()).setErr(new PrintWriter(errors, true)).execute(MODEL);

        assertThat(code).isEqualTo(2);
        assertThat(errors.toString()).contains("--llama or --ik expected").contains("Usage: decode");
    }

    private String program(String name, String script) throws IOException {
        var file = folder.resolve(name);
        Files.writeString(file, "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file.toString();
    }

    private static String table(String... options) {
        var out = new StringWriter();
        var arguments = new ArrayList<>(List.of(options));
        arguments.addAll(List.of("--batch", "1,2", "--prompt-tokens", "4", "--gen-tokens", "4", "--rounds", "1",
                "--repeat", "1", MODEL));
        int code = new CommandLine(new DecodeBenchmark()).setOut(new PrintWriter(out, true))
                .execute(arguments.toArray(String[]::new));
        assertThat(code).isZero();
        return out.toString();
    }
}
