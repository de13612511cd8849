package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.tests.pipeline.FaultyBackend.Fault;
import dev.flover.topology.Health;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Processes are killed during their work: in the end the committed tokens equal those of the engine alone.
class CrashStoryTest {
    private static final int REQUESTS = 6;
    private static final int TOKENS = 120;
    /// The ranks among which each process that is killed divides the model; the last process has one.
    private static final List<Integer> RANKS = List.of(2, 1, 4);
    /// The number of tokens of the first request after which the process stops computing, for each process in turn. So
    /// the request cannot end before the process is killed, however fast the machine is.
    private static final int TOKENS_PER_LIFE = 35;
    /// Steps that were begun and whose tokens were not yet delivered when the engine stops.
    private static final int STEPS_UNDER_WAY = 2;

    @TempDir
    private Path folder;

    private final List<SequenceRequest> bare = new ArrayList<>();
    private final TreeSet<String> ids = new TreeSet<>();

    private void send(Story story) {
        for (int i = 0; i < REQUESTS; i++) {
            var sampling = Sampling.newBuilder().setTemperature(i % 2 == 0 ? 0f : 0.9f).build();
            story.client.send(GenerationRequest.newBuilder().setId("r" + i).setPrompt(Story.OPENINGS.get(i))
                    .setSampling(sampling).setSeed((long) i).setMaxTokens(TOKENS).setIgnoreEos(true).build());
            ids.add("r" + i);
            var params = i % 2 == 0 ? SamplingParams.greedy() : SamplingParams.sampled(0.9f, i);
            bare.add(story.bare(Story.OPENINGS.get(i), params, TOKENS));
        }
        story.client.flush();
    }

    private void assertSameAsBareEngine(Story story) {
        var expected = BundledModel.tokens(bare);
        for (int i = 0; i < REQUESTS; i++) {
            assertThat(story.client.tokens("r" + i)).as("tokens of r%d", i).isEqualTo(expected.get(i));
            assertThat(story.client.result("r" + i).getText()).isEqualTo(story.client.text("r" + i));
        }
        assertThat(story.client.deadLetters).isEmpty();
    }

    /// Each process divides the model among a different number of ranks.
    @Test
    void aPipelineThatIsKilledAgainAndAgainLosesAndRepeatsNothing() {
        BundledModel.path();
        var random = new Random(20_261_122);
        try (var broker = EmbeddedBroker.start(folder.resolve("broker"));
                var registry = EmbeddedRegistry.start(folder.resolve("registry"));
                var story = new Story(broker.bootstrapServers(), registry.url(), folder.resolve("state"), 2)) {
            send(story);
            // A kill leaves a transaction open. With this timeout of 10 minutes, a pipeline that waited for it to
            // expire would fail the test.
            var config = story.config.withKafka(Map.of("producer.transaction.timeout.ms", "600000"));
            for (int life = 1; life <= RANKS.size(); life++) {
                int held = life * TOKENS_PER_LIFE;
                var process = PipelineProcess.of(config).onRanks(RANKS.get(life - 1))
                        .poisonedBy(Story.OPENINGS.getFirst(), Fault.HOLD, held).start();
                int goal = story.client.tokenCount() + 1 + random.nextInt(TOKENS);
                story.client.await(goal + " tokens, or a process that holds", () -> story.client.tokenCount() >= goal
                        || story.client.tokens("r0").size() >= held - STEPS_UNDER_WAY);
                process.destroyForcibly().onExit().join();
            }
            assertThat(story.client.ended()).as("requests that the last process continues").doesNotContain("r0");
            var process = PipelineProcess.start(config);
            story.client.awaitTerminal(ids);
            process.destroyForcibly().onExit().join();
            assertSameAsBareEngine(story);
        }
    }

    @Test
    void aBrokerThatIsKilledAndARegistryThatComesLateAreWaitedFor() throws InterruptedException {
        BundledModel.path();
        var brokerFolder = folder.resolve("broker");
        var registryFolder = folder.resolve("registry");
        var registry = EmbeddedRegistry.start(registryFolder);
        int registryPort = Integer.parseInt(registry.url().substring(registry.url().lastIndexOf(':') + 1));
        var broker = EmbeddedBroker.start(brokerFolder);
        try (var story = new Story(broker.bootstrapServers(), registry.url(), folder.resolve("state"), 2)) {
            send(story);
            registry.close();
            try (var pipeline = story.start(BundledModel.engine(story.model), new SimpleMeterRegistry())) {
                while (!pipeline.health().detail().contains("registry")) {
                    assertThat(pipeline.awaitReady(Duration.ofMillis(100))).isFalse();
                }
                assertThat(pipeline.health().state()).isEqualTo(Health.State.STARTING);
                registry = EmbeddedRegistry.start(registryFolder, registryPort);
                story.client.await("30 tokens", () -> story.client.tokenCount() >= 30);
                broker.kill();
                broker = EmbeddedBroker.start(brokerFolder);
                story.client.awaitTerminal(ids);
            }
            assertSameAsBareEngine(story);
        } finally {
            broker.close();
            registry.close();
        }
    }
}
