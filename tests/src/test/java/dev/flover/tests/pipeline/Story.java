package dev.flover.tests.pipeline;

import dev.flover.engine.Engine;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Serving;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.models.Begin;
import dev.flover.topology.setup.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.admin.Admin;

/// The setting of one test: topics and a state folder of its own, the bundled model, and a client.
final class Story implements AutoCloseable {
    static final List<String> OPENINGS = List.of(
            "It was a dark night", "The old house", "My dear friend", "She looked at the sea", "When I was a boy",
            "The captain said", "In the morning", "He had never");

    private static final AtomicInteger COUNT = new AtomicInteger();

    final String bootstrapServers;
    final String registryUrl;
    final PipelineConfig config;
    final Client client;
    final Model model = BundledModel.open();

    Story(String bootstrapServers, String registryUrl, Path stateDir, int partitions) {
        this.bootstrapServers = bootstrapServers;
        this.registryUrl = registryUrl;
        int number = COUNT.incrementAndGet();
        var topics = new TopicNames("requests-" + number, "tokens-" + number, "results-" + number,
                "dead-letters-" + number, "models-" + number);
        config = PipelineConfig.of("story-" + number, bootstrapServers, registryUrl, stateDir, "novelist").with(topics)
                .with(Serving.standard().from(new Begin.Earliest()));
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            new Topics(admin, topics).create(partitions, (short) 1, Duration.ofHours(1));
        }
        client = new Client(bootstrapServers, registryUrl, topics);
    }

    Pipeline start(Engine engine, SimpleMeterRegistry meters) {
        return start(config, engine, meters);
    }

    Pipeline start(PipelineConfig config, Engine engine, SimpleMeterRegistry meters) {
        return Pipeline.start(config, model, engine, BundledModel.config(), meters);
    }

    Pipeline start(PipelineConfig config, Engine engine, SimpleMeterRegistry meters, LongSupplier wall) {
        return Pipeline.start(
                config, RequestContract.ofThisRelease(), model, List.of(engine), BundledModel.config(), meters, wall);
    }

    /// Returns the request for the engine alone that yields the tokens of a client's request with `ignore_eos`.
    SequenceRequest bare(String prompt, SamplingParams sampling, int maxTokens) {
        return SequenceRequest.of(model.tokenizer().encodePrompt(prompt), sampling, maxTokens, TokenSet.EMPTY);
    }

    @Override
    public void close() {
        client.close();
        model.close();
    }
}
