package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.Backends;
import dev.flover.engine.DeviceList;
import dev.flover.engine.Engine;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.model.Model;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.tests.pipeline.FaultyBackend.Fault;
import dev.flover.tests.pipeline.FaultyBackend.Poison;
import dev.flover.topology.Health;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfigBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// One process with several engines, each with a stream thread of its own: the partitions are divided among them, and
/// every answer is that of one engine alone.
class EnginesStoryTest {
    private static final int PARTITIONS = 4;
    private static final int REQUESTS = 12;
    private static final int TOKENS = 60;
    private static final Duration READY = Duration.ofSeconds(60);

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<SequenceRequest> bare = new ArrayList<>();
    private final TreeSet<String> ids = new TreeSet<>();

    private static Story story() {
        return new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), PARTITIONS);
    }

    private static List<Engine> engines(Model model) {
        return Backends.open("cpu", 2, 1, 2, DeviceList.UNCHOSEN).stream()
                .map(backend -> Engine.start(model, backend, BundledModel.config())).toList();
    }

    private Pipeline start(Story story, List<Engine> engines) {
        return Pipeline.start(story.config, story.model, engines, BundledModel.config(), meters);
    }

    private void send(Story story, int first, int count) {
        for (int i = first; i < first + count; i++) {
            boolean sampled = i % 2 == 1;
            String prompt = Story.OPENINGS.get(i % Story.OPENINGS.size());
            story.client.send(GenerationRequest.newBuilder().setId("r" + i).setPrompt(prompt)
                    .setSampling(Sampling.newBuilder().setTemperature(sampled ? 0.9f : 0f).build()).setSeed((long) i)
                    .setMaxTokens(TOKENS).setIgnoreEos(true).build());
            ids.add("r" + i);
            bare.add(story.bare(prompt, sampled ? SamplingParams.sampled(0.9f, i) : SamplingParams.greedy(), TOKENS));
        }
        story.client.flush();
    }

    private void assertAnswersAreThoseOfOneEngine(Story story) {
        var expected = BundledModel.tokens(bare);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(story.client.tokens("r" + i)).as("tokens of r%d", i).isEqualTo(expected.get(i));
        }
    }

    @Test
    void partitionsMoveBetweenTheEnginesOfTwoProcessesAndEveryAnswerIsThatOfOneEngine() throws Exception {
        try (var story = story()) {
            var engines = engines(story.model);
            try (var pipeline = start(story, engines)) {
                assertThat(pipeline.awaitReady(READY)).isTrue();
                send(story, 0, REQUESTS);
                story.client.await("tokens of all requests", () -> story.client.tokenCount() >= 4 * REQUESTS);

                var other = PipelineConfigBuilder.builder(story.config).stateDir(folder.resolve("other")).build();
                try (var joining = story.start(other, BundledModel.engine(story.model), new SimpleMeterRegistry())) {
                    assertThat(joining.awaitReady(READY)).isTrue();
                    send(story, REQUESTS, REQUESTS);
                    story.client.await("more tokens", () -> story.client.ended().size() >= 4);
                }
                story.client.awaitTerminal(ids);
                assertThat(pipeline.health().state()).isEqualTo(Health.State.READY);
            }

            assertAnswersAreThoseOfOneEngine(story);
            long steps = 0;
            for (var engine : engines) {
                assertThat(engine.status().steps()).as("steps of an engine").isPositive();
                assertThat(engine.status().leak()).isNull();
                steps += engine.status().steps();
            }
            assertThat(meters.get("flover.steps").functionCounter().count()).as("the meter is the sum of the engines")
                    .isPositive().isLessThanOrEqualTo(steps);
        }
    }

    @Test
    void anEngineThatFailsEndsTheProcessAndTheNextOneLosesNothing() throws Exception {
        try (var story = story()) {
            var poison = new Poison(story.model.tokenizer().encodePrompt(Story.OPENINGS.getFirst()), Fault.THROW, 3);
            var engines = Backends.open("cpu", 2, 1, 2, DeviceList.UNCHOSEN).stream()
                    .map(backend -> Engine.start(story.model,
                            FaultyBackend.of((Backend) backend, List.of(poison)), BundledModel.config())).toList();
            send(story, 0, REQUESTS);
            try (var pipeline = start(story, engines)) {
                story.client.await("the end of the pipeline", () -> !pipeline.health().isAlive());
                assertThat(pipeline.health().detail()).contains("a poison in the batch");
            }

            try (var pipeline = start(story, engines(story.model))) {
                story.client.awaitTerminal(ids);
                assertThat(pipeline.health().isAlive()).isTrue();
            }
            assertAnswersAreThoseOfOneEngine(story);
        }
    }
}
