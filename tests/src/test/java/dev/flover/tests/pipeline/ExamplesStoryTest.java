package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.tests.clients.ExternalProgram;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.RecordForm;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.setup.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The programs in `examples/kafka` print the answer that is on the results topic.
class ExamplesStoryTest {
    private static final String PROMPT = "It was a dark night";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private static Path folder;

    private static EmbeddedBroker broker;
    private static Pipeline pipeline;

    @BeforeAll
    static void start() throws InterruptedException {
        var model = BundledModel.open();
        broker = EmbeddedBroker.start(folder.resolve("kafka"));
        try (var admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            new Topics(admin, TopicNames.standard()).create(1, (short) 1, Duration.ofHours(1));
        }
        // No registry listens there: with records in JSON no client asks it.
        var config = PipelineConfig.of("examples", broker.bootstrapServers(), "http://127.0.0.1:9",
                folder.resolve("state"), "novelist").with(RecordForm.JSON);
        pipeline = Pipeline.start(config, model, BundledModel.engine(model), BundledModel.config(),
                new SimpleMeterRegistry());
        assertThat(pipeline.awaitReady(PATIENCE)).as(pipeline.health().toString()).isTrue();
    }

    @AfterAll
    static void stop() {
        if (pipeline != null) {
            pipeline.close();
        }
        if (broker != null) {
            broker.close();
        }
    }

    @Test
    void java() throws Exception {
        assertPrintsTheAnswer(ExternalProgram.java("Ask.java"));
    }

    @Test
    void node() throws Exception {
        assertPrintsTheAnswer(ExternalProgram.nodeExample("ask.mjs"));
    }

    @Test
    void python() throws Exception {
        assertPrintsTheAnswer(ExternalProgram.python("ask.py"));
    }

    private static void assertPrintsTheAnswer(ExternalProgram example) throws Exception {
        var configuration = Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers(),
                "isolation.level", "read_committed");
        try (var results = new KafkaConsumer<>(configuration, new StringDeserializer(), new StringDeserializer())) {
            var partitions = List.of(new TopicPartition(TopicNames.standard().results(), 0));
            results.assign(partitions);
            results.seekToEnd(partitions);
            results.position(partitions.getFirst());

            var printed = example.run("", broker.bootstrapServers(), PROMPT);

            var result = new ObjectMapper().readTree(next(results));
            assertThat(String.join("\n", printed))
                    .isEqualTo(result.get("text").asText() + "\n" + result.get("finish_reason").asText());
        }
    }

    private static String next(KafkaConsumer<String, String> results) {
        for (var end = Instant.now().plus(PATIENCE); Instant.now().isBefore(end);) {
            for (var result : results.poll(Duration.ofMillis(100))) {
                return result.value();
            }
        }
        throw new AssertionError("no result within " + PATIENCE);
    }
}
