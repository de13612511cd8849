package dev.flover.tests.pipeline;

import static dev.flover.tests.pipeline.Client.greedy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationResult;
import dev.flover.topology.config.PipelineConfig.Sharing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// More requests than can be served at once, on a real broker: which are served first, and which are given up. The
/// tests count requests and tokens and measure no times.
class OverloadStoryTest {
    private static final int SLOTS = BundledModel.config().maxSequences();

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private static Story story() {
        return new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), 1);
    }

    @Test
    void atSaturationTenantsGetTheirSharesWithinFivePercentWhateverTheyOffer() {
        var offered = Map.of("flood", 350, "busy", 250, "modest", 250);
        try (var story = story()) {
            for (int i = 0; i < 350; i++) {
                for (var tenant : offered.entrySet()) {
                    if (i < tenant.getValue()) {
                        story.client.send(greedy(tenant.getKey() + i, "The old house", 24).setIgnoreEos(true)
                                .setTenant(tenant.getKey()).build());
                    }
                }
            }
            story.client.flush();
            var config = story.config.with(new Sharing(Map.of("modest", 2.0), Duration.ofSeconds(1)));
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                // Shares are among the requests that have been read, so counting starts when all of them have been
                // read.
                story.client.await("all to be read",
                        () -> meters.counter("flover.requests.accepted").count() == 350 + 250 + 250);
                int read = story.client.finished.size();
                story.client.await("120 results more", () -> story.client.finished.size() >= read + 120);
                assertThat(pipeline.health().isReady()).isTrue();
                assertThat(ofTenant(story, "modest")).as("served of the smallest").isLessThan(250 - SLOTS);
                var tokens = story.client.finished.subList(read, read + 120).stream().collect(Collectors.groupingBy(
                        GenerationResult::getTenant,
                        Collectors.summingDouble(result -> result.getPromptTokens() + result.getCompletionTokens())));
                double all = tokens.values().stream().mapToDouble(Double::doubleValue).sum();
                assertThat(tokens.get("flood") / all).isCloseTo(0.25, within(0.05));
                assertThat(tokens.get("busy") / all).isCloseTo(0.25, within(0.05));
                assertThat(tokens.get("modest") / all).isCloseTo(0.5, within(0.05));
            }
        }
    }

    private static long ofTenant(Story story, String tenant) {
        return story.client.finished.stream().filter(result -> result.getTenant().equals(tenant)).count();
    }

    @Test
    void aHigherPriorityGoesFirstAndALowerOneIsNotStarvedByThoseThatComeLater() {
        try (var story = story()) {
            var config = story.config.with(new Sharing(Map.of(), Duration.ofMillis(5)));
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                send(story, "first", 10 * SLOTS, 0);
                send(story, "low", 1, -100);
                send(story, "high", 1, 100);
                story.client.awaitTerminal(new TreeSet<>(List.of("high0")));
                assertThat(story.client.ended()).doesNotContain("low0", "first" + (10 * SLOTS - 1));
                int more = 0;
                while (!story.client.ended().contains("low0")) {
                    send(story, "later" + more++ + "-", SLOTS, 0);
                    int goal = story.client.ended().size() + SLOTS / 2;
                    story.client.await("more ends", () -> story.client.ended().size() >= goal);
                    assertThat(more).as("rounds of later requests that all went first").isLessThan(200);
                }
                assertThat(pipeline.health().isReady()).isTrue();
            }
            assertThat(story.client.result("low0").getFinishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    private static void send(Story story, String name, int count, int priority) {
        for (int i = 0; i < count; i++) {
            story.client.send(greedy(name + i, "The old house", 40).setIgnoreEos(true).setPriority(priority).build());
        }
        story.client.flush();
    }

    @Test
    void deadlinesEndWhatWaitsAndWhatRunsWithATerminalRecord() {
        try (var story = story();
                var pipeline = story.start(BundledModel.engine(story.model), meters)) {
            boolean cut = false;
            for (int round = 0; !cut && round < 12; round++) {
                long deadline = 10L << round / 2;
                String prefix = "round" + round + "-";
                var ids = new TreeSet<String>();
                for (int i = 0; i < 4 * SLOTS; i++) {
                    story.client.send(greedy(prefix + i, "The old house", 200).setIgnoreEos(true)
                            .setDeadlineMs(deadline).build());
                    ids.add(prefix + i);
                }
                story.client.awaitTerminal(ids);
                cut = ids.stream().map(story.client::result).anyMatch(OverloadStoryTest::isCutShort)
                        && ids.stream().map(story.client::result).anyMatch(OverloadStoryTest::neverBegan);
            }
            assertThat(cut).as("some expired while they waited and some while they ran").isTrue();
            assertThat(pipeline.health().isReady()).isTrue();
            story.client.send(greedy("after", "The old house", 3).setIgnoreEos(true).build());
            story.client.awaitTerminal(new TreeSet<>(List.of("after")));
            assertThat(story.client.result("after").getFinishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    private static boolean isCutShort(GenerationResult result) {
        return result.getFinishReason() == FinishReason.EXPIRED && !result.getTokenIds().isEmpty();
    }

    private static boolean neverBegan(GenerationResult result) {
        return result.getFinishReason() == FinishReason.EXPIRED && result.getTokenIds().isEmpty();
    }

    /// Records the steps at which one sequence drew its tokens while long prompts, each of many chunks, were computed
    /// one after the other.
    @Test
    void veryLongPromptsCostTheOthersNoStep() {
        int tokens = 150;
        try (var model = BundledModel.open(); var engine = BundledModel.engine(model)) {
            var drawnAt = new ArrayList<Long>();
            long steady = engine.admit(SequenceRequest.of(model.tokenizer().encodePrompt("The old house"),
                    SamplingParams.greedy(), tokens, TokenSet.EMPTY));
            var sink = new TokenSink() {
                @Override
                public void token(long sequence, int index, int id, float logprob, TopLogprobs alternatives) {
                    if (sequence == steady) {
                        drawnAt.add(engine.status().steps());
                    }
                }

                @Override
                public void finished(long sequence, dev.flover.engine.api.FinishReason reason) {}
            };
            for (int i = 0; engine.step(sink); i++) {
                if (i % 5 == 0 && i < tokens) {
                    engine.admit(SequenceRequest.of(model.tokenizer().encodePrompt(i + " word".repeat(200)),
                            SamplingParams.greedy(), 2, TokenSet.EMPTY));
                }
            }
            assertThat(engine.status().rows()).as("rows of long prompts").isGreaterThan(20L * 200);
            assertThat(drawnAt).hasSize(tokens);
            for (int i = 1; i < tokens; i++) {
                assertThat(drawnAt.get(i)).as("token %d", i).isEqualTo(drawnAt.get(i - 1) + 1);
            }
        }
    }
}
