package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Main;
import dev.flover.tests.security.FloverProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// A running pipeline, as the commands that look at it and the doctor show it.
class WatchStoryTest {
    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    private static final String PROMPT = "Zanzibar was never so quiet";
    private static final String SECRET = "hunter2-and-more";

    @TempDir
    private static Path folder;

    private static FloverProcess up;
    private static String url;

    @BeforeAll
    static void start() throws Exception {
        var command = new ArrayList<>(List.of("up", "--metrics-port", "0", "--create-topics", "--partitions", "2",
                "--metrics-names", "vllm", "--data", folder.resolve("data").toString()));
        command.addAll(addresses());
        up = FloverProcess.start(folder, Map.of(), command.toArray(String[]::new));
        url = up.awaitLine("metrics").replaceAll("^metrics +(\\S+)/metrics.*$", "$1");
        up.awaitLine("ready");
    }

    @AfterAll
    static void stop() {
        if (up != null) {
            up.close();
        }
    }

    private static List<String> addresses() {
        return List.of("--bootstrap-servers", SERVERS.bootstrapServers(), "--schema-registry-url",
                SERVERS.registryUrl(), "--topic-prefix", "watched-", "--application-id", "watched");
    }

    @Test
    void aGenerationIsListedUntilItEndsAndCounted() throws IOException {
        assertThat(run("status", "--at", url)).contains("READY: serving").contains("novelist-f16 on cpu");
        for (int i = 0; i < 4; i++) {
            run(clientOf("submit", "--no-wait", "--id", "w" + i, "--tenant", "acme", "--max-tokens", "200",
                    "--ignore-eos", PROMPT));
        }
        run(clientOf("tail", "--from-beginning", "--id", "w3"));
        JsonNode listed = new ObjectMapper().readTree("[" + run("ps", "--at", url, "--json").strip()
                .replace("\n", ",") + "]");
        assertThat(listed).allSatisfy(each -> {
            assertThat(each.get("id").asText()).startsWith("w");
            assertThat(each.get("tenant").asText()).isEqualTo("acme");
        });
        for (int i = 0; i < 3; i++) {
            run(clientOf("tail", "--from-beginning", "--id", "w" + i));
        }
        JsonNode status = new ObjectMapper().readTree(run("status", "--at", url, "--json"));
        assertThat(status.get("tokens").asLong()).isGreaterThanOrEqualTo(4 * 200);
        assertThat(status.get("ended").asLong()).isGreaterThanOrEqualTo(4);
        assertThat(status.has("tokens_per_second")).isTrue();
        assertThat(run("top", "--at", url, "--seconds", "1")).contains(" live, ").hasLineCount(1);
    }

    @Test
    void aBundleForSupportHoldsNeitherPromptsNorSecrets() throws Exception {
        run(clientOf("submit", "--id", "bundled", "--max-tokens", "5", PROMPT));
        var secrets = Files.writeString(folder.resolve("secrets.properties"),
                "ssl.truststore.password=" + SECRET + "\n");
        var file = folder.resolve("support.zip");
        var command = new ArrayList<>(List.of("doctor", "--bundle", file.toString(), "--at", url, "--metrics-port",
                "0", "--client-properties", secrets.toString(), "--data", folder.toString()));
        command.addAll(addresses());

        String said = run(command.toArray(String[]::new));

        assertThat(said).contains("topic of results").contains("support.zip is written");
        try (var zip = new ZipFile(file.toFile())) {
            var entries = zip.stream().map(entry -> entry.getName()).toList();
            assertThat(entries).containsExactlyInAnyOrder("findings.json", "settings.json", "versions.txt",
                    "health.txt", "status.txt", "metrics.txt", "threads.txt");
            for (var entry : entries) {
                assertThat(new String(zip.getInputStream(zip.getEntry(entry)).readAllBytes(), StandardCharsets.UTF_8))
                        .as(entry).isNotBlank().doesNotContain("Zanzibar").doesNotContain(SECRET);
            }
            assertThat(text(zip, "threads.txt")).contains("watched-").contains("    at ");
            assertThat(text(zip, "metrics.txt")).contains("flover_tokens_total", "vllm:generation_tokens_total");
            assertThat(text(zip, "settings.json")).contains("\"secret\" : \"set\"");
        }
    }

    private static String text(ZipFile zip, String entry) throws IOException {
        return new String(zip.getInputStream(zip.getEntry(entry)).readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String[] clientOf(String command, String... more) {
        var words = new ArrayList<>(List.of(command, "--bootstrap-servers", SERVERS.bootstrapServers(),
                "--schema-registry-url", SERVERS.registryUrl(), "--topic-prefix", "watched-"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    /// Runs a command in the test's own process, which must succeed, and returns its output.
    private static String run(String... words) {
        var said = new StringWriter();
        var writer = new PrintWriter(said);
        int ended = Main.commandLine(writer, writer).execute(words);
        assertThat(ended).as(said.toString()).isZero();
        return said.toString();
    }
}
