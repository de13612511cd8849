package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.config.Recovery;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Services around the pipeline fail, by real means such as revoked permissions; docs/operate/weather.md has a row for
/// each case.
class WeatherStoryTest {
    private static final int TOKENS = 150;

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final Map<String, SequenceRequest> bare = new LinkedHashMap<>();

    private static Story story(int partitions) {
        return new Story(SERVERS.disturbed().direct(), SERVERS.registryUrl(), folder.resolve("state"), partitions);
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", SERVERS.disturbed().direct()));
    }

    private void send(Story story, String... ids) {
        for (var id : ids) {
            var prompt = Story.OPENINGS.get(bare.size() % Story.OPENINGS.size());
            story.client.send(request(id, prompt));
            bare.put(id, story.bare(prompt, SamplingParams.greedy(), TOKENS));
        }
    }

    private static GenerationRequest request(String id, String prompt) {
        return Client.greedy(id, prompt, TOKENS).setIgnoreEos(true).build();
    }

    private static void awaitTokens(Story story, String id) {
        story.client.await("tokens of " + id, () -> !story.client.chunks(id).isEmpty());
    }

    /// Asserts that every request has the tokens of the engine alone, once, and one result, and that there is no dead
    /// letter.
    private void assertWhole(Story story) {
        story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
        var expected = BundledModel.tokens(List.copyOf(bare.values()));
        var ids = new ArrayList<>(bare.keySet());
        for (int i = 0; i < ids.size(); i++) {
            assertThat(story.client.tokens(ids.get(i))).as("tokens of " + ids.get(i)).isEqualTo(expected.get(i));
            assertThat(story.client.result(ids.get(i)).getTokenIds()).isEqualTo(expected.get(i));
        }
        assertThat(story.client.deadLetters).isEmpty();
    }

    private static AclBinding onTokens(Story story, AclOperation operation, AclPermissionType type) {
        return new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, story.config.topics().tokens(), PatternType.LITERAL),
                new AccessControlEntry("User:ANONYMOUS", "*", operation, type));
    }

    @Test
    void anOutageThatEndsLifeAfterLifeOfKafkaStreamsCondemnsNobody() throws Exception {
        var meters = new SimpleMeterRegistry();
        try (var story = story(1); var admin = admin()) {
            admin.createAcls(List.of(onTokens(story, AclOperation.ALL, AclPermissionType.ALLOW))).all().get();
            var strict = story.config.with(new Recovery(OtherArithmetic.WAIT, 1, 1));
            try (var pipeline = story.start(strict, BundledModel.engine(story.model), meters)) {
                send(story, "a", "b", "c");
                awaitTokens(story, "a");
                var denial = onTokens(story, AclOperation.WRITE, AclPermissionType.DENY);
                admin.createAcls(List.of(denial)).all().get();
                story.client.await("five lives", () -> meters.get("flover.lives").counter().count() >= 5);
                assertThat(pipeline.health().isAlive()).isTrue();
                admin.deleteAcls(List.of(denial.toFilter())).all().get();

                assertWhole(story);
            }
        }
    }

    @Test
    void aWallClockThatIsSetBackStopsNothing() {
        var wall = new AtomicLong();
        try (var story = story(1); var pipeline = story.start(story.config, BundledModel.engine(story.model),
                new SimpleMeterRegistry(), () -> System.currentTimeMillis() + wall.get())) {
            send(story, "a");
            awaitTokens(story, "a");
            wall.set(-120_000);
            send(story, "b");
            assertWhole(story);
            assertThat(pipeline.health().isReady()).isTrue();
        }
    }
}
