package dev.flover.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Console;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
    @TempDir
    private Path folder;

    @Test
    void everyFailureHasARemedyAndNothingIsCreated() throws IOException {
        Path data = folder.resolve("not").resolve("there");

        var run = Console.run("doctor", "--json", "--bootstrap-servers", "127.0.0.1:1", "--schema-registry-url",
                "http://127.0.0.1:1", "--metrics-port", "0", "--data", data.toString());

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).matches("flover: 2 of \\d+ checks failed(, \\d+ warnings?)?\\R");
        JsonNode findings = new ObjectMapper().readTree(run.out());
        assertThat(findings).hasSizeGreaterThan(7).allSatisfy(finding -> {
            assertThat(finding.get("verdict").asText()).isIn("ok", "warn", "fail");
            assertThat(finding.has("mend")).isEqualTo(!finding.get("verdict").asText().equals("ok"));
        });
        assertThat(findings.findValuesAsText("check")).contains("java", "cores", "memory", "backend", "data");
        assertThat(of(findings, "broker").get("found").asText()).contains("no Kafka broker answers at 127.0.0.1:1");
        assertThat(of(findings, "broker").get("mend").asText()).contains("--bootstrap-servers");
        assertThat(of(findings, "registry").get("verdict").asText()).isEqualTo("fail");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aModelThatDoesNotExistAndAPortInUseAreFound() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var run = Console.run("doctor", "--bootstrap-servers", "127.0.0.1:1", "--model", "nowhere.gguf",
                    "--metrics-port", Integer.toString(taken.getLocalPort()), "--data", folder.toString());

            assertThat(run.code()).isEqualTo(1);
            assertThat(run.out()).containsPattern("FAIL +model +.*nowhere.gguf")
                    .containsPattern("warn +port of metrics +127.0.0.1:" + taken.getLocalPort())
                    .containsPattern("(?m)^ +> .*--metrics-port");
        }
    }

    private static JsonNode of(JsonNode findings, String check) {
        for (var finding : findings) {
            if (finding.get("check").asText().equals(check)) {
                return finding;
            }
        }
        throw new AssertionError("no check " + check + " in " + findings);
    }
}
