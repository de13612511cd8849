package dev.flover.tests.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.tests.security.FloverProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two pipelines on one broker, each configured by a file, by environment variables and by options, and clients that
/// find the pipeline they mean.
class SettingsStoryTest {
    @TempDir
    private Path folder;

    @Test
    void twoPipelinesWithTopicsOfTheirOwnAndClientsThatChooseBetweenThem() throws Exception {
        Path file = Files.writeString(folder.resolve("novels.properties"), """
                application-id = novels
                topic-prefix = novels-
                partitions = 1
                request-max-tokens = 7
                metrics-port = 0
                registry.value.subject.name.strategy = io.confluent.kafka.serializers.subject.RecordNameStrategy
                """);
        var inFile = Map.of("FLOVER_CONFIG", file.toString());
        try (var novels = FloverProcess.start(folder, inFile, "up", "--embedded", "--data", data("novels"))) {
            novels.awaitLine("ready");
            String registry = address(novels, "registry");
            var others = Map.of("FLOVER_BOOTSTRAP_SERVERS", address(novels, "kafka"), "FLOVER_SCHEMA_REGISTRY_URL",
                    registry, "FLOVER_APPLICATION_ID", "others", "FLOVER_TOPIC_PREFIX", "others-",
                    "FLOVER_METRICS_PORT", "0");
            try (var other = FloverProcess.start(folder, others, "up", "--create-topics", "--partitions", "1", "--data",
                    data("others"), "--tokens-topic", "answers")) {
                other.awaitLine("ready");
                assertThat(said(1, Map.of(), "submit", "hello")).contains("several pipelines run on this machine")
                        .contains("application novels").contains("application others");
                assertThat(said(0, inFile, "submit", "--pipeline", "novels", "--json", "--max-tokens", "5", "The old"))
                        .contains("talking to application novels").contains("\"terminal\":true");
                assertThat(said(1, inFile, "submit", "--pipeline", "novels", "--max-tokens", "8", "The old"))
                        .contains("rejected").contains("7");
                assertThat(said(0, Map.of("FLOVER_PIPELINE", "others"), "submit", "--json", "--max-tokens", "8", "A"))
                        .contains("talking to application others").contains("\"terminal\":true");
            }
            assertThat(get(registry + "/subjects"))
                    .contains("\"dev.flover.schemas.GenerationRequest\"", "\"dev.flover.schemas.TokenChunk\"",
                            "\"others-generation-requests-value\"", "\"answers-value\"")
                    .doesNotContain("novels-").doesNotContain("others-generation-tokens");
        }
    }

    private String data(String name) {
        return folder.resolve(name).toString();
    }

    private static String address(FloverProcess up, String what) throws InterruptedException {
        return up.awaitLine(what).substring(what.length()).strip();
    }

    private String said(int code, Map<String, String> environment, String... arguments) throws Exception {
        try (var client = FloverProcess.start(folder, environment, arguments)) {
            assertThat(client.awaitEnd()).as(client.output()).isEqualTo(code);
            return client.output();
        }
    }

    private static String get(String url) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString()).body();
        }
    }
}
