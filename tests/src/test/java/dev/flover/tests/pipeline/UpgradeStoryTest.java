package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfigBuilder;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.avro.generic.IndexedRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Two processes of one application during an upgrade from one release to another, whose requests have other fields.
class UpgradeStoryTest {
    private static final int TOKENS = 40;
    private static final int LONG = 200;
    private static final int AT_A_TIME = 6;

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    /// The metrics of the process that was started last.
    private SimpleMeterRegistry meters;
    private final Map<String, SequenceRequest> sent = new TreeMap<>();

    private static RequestContract release(String name) {
        return switch (name) {
            case "three fields more" -> OtherReleases.withThreeFieldsMore();
            case "a field fewer" -> OtherReleases.withAFieldFewer();
            default -> RequestContract.ofThisRelease();
        };
    }

    @ParameterizedTest(name = "from {0} to {1}")
    @CsvSource({"today, three fields more", "three fields more, today", "today, a field fewer", "a field fewer, today"})
    void aRollingUpgradeUnderLoadLosesAndChangesNothing(String before, String after) throws Exception {
        var from = release(before);
        var to = release(after);
        try (var story = story()) {
            var first = start(story, from, 1);
            var second = start(story, from, 2);
            send(story, from, to);
            awaitSomeTokens(story);
            first.close();
            try (var firstAgain = start(story, to, 1)) {
                send(story, from, to);
                awaitSomeTokens(story);
                second.close();
                try (var secondAgain = start(story, to, 2)) {
                    send(story, from, to);
                    story.client.awaitTerminal(sent.keySet());
                    assertThat(firstAgain.health().isAlive() && secondAgain.health().isAlive()).isTrue();
                }
            }
            assertAllAsTheBareEngineSays(story);
            assertThat(story.client.deadLetters).isEmpty();
        }
    }

    /// Sends requests of which half are in the schema of each release, and then repeats some of them in the schema of
    /// the other release.
    private void send(Story story, RequestContract from, RequestContract to) throws Exception {
        int begin = sent.size();
        for (int i = begin; i < begin + AT_A_TIME; i++) {
            var request = request(i, Story.OPENINGS.get(i % Story.OPENINGS.size()), TOKENS);
            send(story, (i % 2 == 0 ? from : to).read(request).said());
            sent.put(request.getId(), bare(story, request, 40));
        }
        for (int i = begin; i < begin + 2; i++) {
            var again = request(i, Story.OPENINGS.get(i % Story.OPENINGS.size()), TOKENS);
            send(story, (i % 2 == 0 ? to : from).read(again).said());
        }
        story.client.flush();
    }

    private static GenerationRequest request(int number, String prompt, int tokens) {
        return GenerationRequest.newBuilder().setId("r" + number).setPrompt(prompt).setMaxTokens(tokens)
                .setSeed((long) number).setIgnoreEos(true)
                .setSampling(Sampling.newBuilder().setTemperature(1f).setTopK(40).build()).build();
    }

    private static SequenceRequest bare(Story story, GenerationRequest request, int topK) {
        var sampling = SamplingParams.sampled(1, request.getSeed()).withTopK(topK);
        return story.bare(request.getPrompt(), sampling, request.getMaxTokens());
    }

    private void assertAllAsTheBareEngineSays(Story story) {
        var expected = BundledModel.tokens(List.copyOf(sent.values()));
        var ids = List.copyOf(sent.keySet());
        for (int i = 0; i < ids.size(); i++) {
            assertThat(story.client.tokens(ids.get(i))).as(ids.get(i)).isEqualTo(expected.get(i));
            assertThat(story.client.chunks(ids.get(i)).stream()
                    .filter(chunk -> chunk.getTerminal() && !chunk.getRepeat())).hasSize(1);
            assertThat(story.client.result(ids.get(i)).getTokenIds()).isEqualTo(expected.get(i));
        }
    }

    @Test
    void aFieldWorksInTheReleaseThatAddsItAndWaitsForItElsewhere() throws Exception {
        var newer = OtherReleases.withThreeFieldsMore();
        var today = RequestContract.ofThisRelease();
        try (var story = story()) {
            var set = new ArrayList<String>();
            try (var pipeline = start(story, newer, 1)) {
                for (int i = 0; i < AT_A_TIME; i++) {
                    var request = request(i, Story.OPENINGS.get(i), LONG);
                    send(story, OtherReleases.drawingAmong(1, request));
                    sent.put(request.getId(), bare(story, request, 1));
                    set.add(request.getId());
                }
                // A request that this release has not stored would be rejected by the other release, which does not
                // know its field.
                story.client.await("the first token of each",
                        () -> set.stream().noneMatch(id -> story.client.chunks(id).isEmpty()));
                assertThat(pipeline.health().isAlive()).isTrue();
            }
            try (var pipeline = start(story, today, 1)) {
                assertThat(pipeline.awaitReady(Duration.ofSeconds(60))).isTrue();
                int left = (int) meters.get("flover.generations.left").gauge().value();
                assertThat(left).isBetween(1, AT_A_TIME);
                assertThat(pipeline.health().isReady()).isTrue();
                assertThat(pipeline.health().detail())
                        .contains(left + " unfinished requests", "request.sampling.first_of");
                assertOthersAreServedAndNewOnesRejected(story);
                assertThat(set.stream().filter(story.client.ended()::contains)).hasSize(AT_A_TIME - left);
            }
            try (var pipeline = start(story, newer, 1)) {
                story.client.awaitTerminal(new TreeSet<>(set));
                assertThat(pipeline.health().isAlive()).isTrue();
            }
            assertAllAsTheBareEngineSays(story);
            assertThat(story.client.deadLetters).isEmpty();
        }
    }

    private void assertOthersAreServedAndNewOnesRejected(Story story) throws Exception {
        var other = request(50, "The old house", TOKENS);
        send(story, OtherReleases.withThreeFieldsMore().read(other).said());
        sent.put(other.getId(), bare(story, other, 40));
        send(story, OtherReleases.drawingAmong(1, request(51, "The old house", TOKENS)));
        send(story, OtherReleases.drawingAmong(1, request(0, Story.OPENINGS.get(0), LONG)));      // a retry
        story.client.awaitTerminal(new TreeSet<>(List.of("r50", "r51")));
        assertThat(story.client.result("r51").getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(story.client.result("r51").getMessage()).contains("does not know these fields: sampling.first_of");
    }

    private static Story story() {
        return new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("unused"), 2);
    }

    private Pipeline start(Story story, RequestContract release, int instance) {
        var config = story.config;
        var own = PipelineConfigBuilder.builder(config).stateDir(folder.resolve("state-" + instance)).build();
        meters = new SimpleMeterRegistry();
        return Pipeline.start(own, release, story.model, List.of(BundledModel.engine(story.model)),
                BundledModel.config(),
                meters, System::currentTimeMillis);
    }

    private static void awaitSomeTokens(Story story) {
        int seen = story.client.tokenCount();
        story.client.await("more tokens", () -> story.client.tokenCount() > seen + 20);
    }

    private static void send(Story story, IndexedRecord request) {
        try (var serializer = new KafkaAvroSerializer()) {
            serializer.configure(
                    Map.of("schema.registry.url", SERVERS.registryUrl(), "avro.remove.java.properties", true), false);
            String id = request.get(request.getSchema().getField("id").pos()).toString();
            story.client.send(id, serializer.serialize(story.config.topics().requests(), request));
        }
    }
}
