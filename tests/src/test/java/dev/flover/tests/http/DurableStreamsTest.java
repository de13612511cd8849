package dev.flover.tests.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.http.Bridge;
import dev.flover.http.BridgeConfig;
import dev.flover.http.topics.TopicAccess.TopicsOfBridge;
import dev.flover.http.topics.TopicAccess;
import dev.flover.tests.clients.ExternalProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The published conformance suite of the Durable Streams protocol, in its reading cases.
/// `durable-conformance.test.mjs` turns the suite's writes into records of the topics.
class DurableStreamsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration WAIT = Duration.ofSeconds(30);
    /// The names of the cases that concern reading. Cases about binary content are left out, because answers are text.
    private static final String READING = String.join("|",
            "Read Operations", "Long-Poll Operations", "HEAD Metadata should", "Offset Validation and Resumability",
            "Long-Poll Edge Cases", "Caching and ETag", "Read-Your-Writes Consistency",
            "Content-Type Validation should return stream",
            "Browser Security Headers should include (?!Cross).* on (GET|HEAD|SSE|long-poll|error) responses",
            "Protocol Edge Cases should (handle PUT with initial|preserve data|generate unique|reject empty offset"
                    + "|reject multiple offset|ignore unknown query)",
            "SSE Mode (?!.*(base64|binary))",
            "JSON Mode should (wrap single|store|concatenate|handle (mixed|various)|preserve|work with client)",
            "Stream Closure (HEAD with|Read Closed|Long-poll with|SSE with)",
            "Offset Validation Properties");
    private static final int CASES = 98;
    /// The longest time of a case, in ms; by default, a case that takes longer than 5 s fails.
    private static final int LIMIT_MS = 120_000;

    @TempDir
    private Path folder;

    @Test
    @Tag("long")
    void theBridgePassesTheReadingCasesOfTheConformanceSuite() throws Exception {
        var suite = ExternalProgram.vitest("durable-conformance.test.mjs", "@durable-streams/server-conformance-tests");
        var report = folder.resolve("report.json");
        try (var broker = EmbeddedBroker.start(folder.resolve("kafka"))) {
            createTopics(broker.bootstrapServers());
            try (var bridge = Bridge.start(config(broker.bootstrapServers()), null)) {
                awaitReady(bridge);
                suite.run("", Map.of("BRIDGE", bridge.url(), "BROKERS", broker.bootstrapServers(),
                        "REQUESTS", "requests", "TOKENS", "tokens"), "-t", READING, "--testTimeout=" + LIMIT_MS,
                        "--reporter=default", "--reporter=json", "--outputFile.json=" + report);
            }
        }
        var outcome = JSON.readTree(report.toFile());
        assertThat(outcome.at("/numFailedTests").asInt()).isZero();
        assertThat(outcome.at("/numPassedTests").asInt()).isEqualTo(CASES);
    }

    private static void createTopics(String servers) throws Exception {
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", servers))) {
            admin.createTopics(List.of(new NewTopic("tokens", 1, (short) 1), new NewTopic("requests", 1, (short) 1),
                    new NewTopic("models", 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
        }
    }

    private static BridgeConfig config(String broker) {
        var servers = Map.of("bootstrap.servers", broker);
        var topics = new TopicAccess(new TopicsOfBridge("requests", "tokens", "results", "models"), servers, servers,
                Map.of("schema.registry.url", "http://127.0.0.1:9"));       // nothing there: JSON needs no registry
        var limits = BridgeConfig.Limits.standard()
                .withTimes(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(1));
        return BridgeConfig.of("127.0.0.1", 0, topics).with(limits)
                .with(new BridgeConfig.Access(Optional.empty(), Set.of(), Set.of("*")));
    }

    private static void awaitReady(Bridge bridge) {
        long deadline = System.nanoTime() + WAIT.toNanos();
        while (!bridge.isReady()) {
            assertThat(System.nanoTime()).as("the bridge becomes ready").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
