package dev.flover.tests.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.tests.security.FloverProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A pipeline in a process of its own, as a new user starts it: with the bundled model, an embedded broker, the HTTP
/// bridge and answers in JSON. One for all test classes of this JVM, started by the first class that asks.
final class RunningPipeline implements BeforeAllCallback {
    static final String FLAT_RESULTS = "flat-results";

    private static final Path MODEL = Path.of("..", "models", "novelist-f16.gguf");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Running running;

    private record Running(TemporaryFolder folder, FloverProcess up) implements AutoCloseable {
        static Running start() {
            var folder = TemporaryFolder.create("flover-examples-");
            try {
                var up = FloverProcess.start(folder.path(), Map.of(), "up", "--embedded", "--metrics-port", "0",
                        "--http", "0", "--output", "json", "--partitions", "2",
                        "--reply-topics", "replies-.*", "--flat-results-topic", FLAT_RESULTS,
                        "--flat-results-prompt", "--data", folder.path().resolve("data").toString());
                up.awaitLine("ready");
                return new Running(folder, up);
            } catch (Exception e) {
                throw new AssertionError("the pipeline cannot be started", e);
            }
        }

        @Override
        public void close() throws IOException {
            up.close();
            folder.close();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Assumptions.assumeTrue(Files.exists(MODEL), "the bundled model is not at " + MODEL);
        running = context.getRoot().getStore(Namespace.create(RunningPipeline.class))
                .getOrComputeIfAbsent(Running.class, none -> Running.start(), Running.class);
    }

    String broker() throws InterruptedException {
        return address("kafka");
    }

    String registry() throws InterruptedException {
        return address("registry");
    }

    /// Returns the bridge's address, ending in `/v1`.
    String http() throws InterruptedException {
        return address("http");
    }

    private String address(String what) throws InterruptedException {
        return running.up.awaitLine(what).split("\\s+")[1];
    }

    /// Waits for the first committed record of the results topic that is wanted, from the topic's beginning on.
    JsonNode result(Predicate<JsonNode> wanted) throws Exception {
        return record("generation-results", wanted);
    }

    /// Waits for the first committed record of a topic that is wanted, from the topic's beginning on.
    JsonNode record(String topic, Predicate<JsonNode> wanted) throws Exception {
        var properties = Map.<String, Object>of("bootstrap.servers", broker(), "isolation.level", "read_committed");
        try (var results = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            var partitions = results.partitionsFor(topic).stream()
                    .map(each -> new TopicPartition(each.topic(), each.partition())).toList();
            results.assign(partitions);
            results.seekToBeginning(partitions);
            for (var end = Instant.now().plus(PATIENCE); Instant.now().isBefore(end);) {
                for (var record : results.poll(Duration.ofMillis(100))) {
                    var result = new ObjectMapper().readTree(record.value());
                    if (wanted.test(result)) {
                        return result;
                    }
                }
            }
        }
        throw new AssertionError("no such record on " + topic + " within " + PATIENCE);
    }

    /// Waits for the text of the committed result of a request.
    String text(String id) throws Exception {
        return result(result -> result.get("request_id").asText().equals(id)).get("text").asText();
    }
}
