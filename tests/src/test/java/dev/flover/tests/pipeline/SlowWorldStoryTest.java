package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.embedded.EmbeddedRegistry;
import dev.flover.engine.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The world around the pipeline is slow or silent, by real means: docs/weather.md has a row for each.
class SlowWorldStoryTest {
    private static final int TOKENS = 120;

    @TempDir
    private static Path folder;

    private static StoryBroker broker;
    private static EmbeddedRegistry registry;

    private final Map<String, SequenceRequest> bare = new LinkedHashMap<>();

    @BeforeAll
    static void startServers() throws IOException {
        BundledModel.path();
        broker = StoryBroker.start(folder.resolve("broker"));
        registry = EmbeddedRegistry.start(folder.resolve("registry"));
    }

    @AfterAll
    static void stopServers() throws IOException {
        if (broker != null) {
            broker.close();
            registry.close();
        }
    }

    private static Story story(int partitions) {
        return new Story(broker.direct(), registry.url(), folder.resolve("state"), partitions);
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", broker.direct()));
    }

    private void send(Story story, String... ids) {
        for (var id : ids) {
            var prompt = Story.OPENINGS.get(bare.size() % Story.OPENINGS.size());
            story.client.send(Client.greedy(id, prompt, TOKENS).setIgnoreEos(true).build());
            bare.put(id, story.bare(prompt, SamplingParams.greedy(), TOKENS));
        }
    }

    private static void awaitTokens(Story story, String id) {
        story.client.await("tokens of " + id, () -> !story.client.chunks(id).isEmpty());
    }

    /// Every request has the bare engine's tokens, once, and one result; nothing was put aside.
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

    private static void quota(Admin admin, Story story, Double bytesPerSecond) throws Exception {
        var client = story.config.applicationId() + "-StreamThread-1-producer";
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
                new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, client)),
                List.of(new ClientQuotaAlteration.Op("producer_byte_rate", bytesPerSecond))))).all().get();
    }

    private static double seconds(SimpleMeterRegistry meters) {
        return meters.get("flover.transaction.timeout.seconds").gauge().value();
    }

    @Test
    void transactionsMayLastAsLongAsAQuotaMakesCommitsTake() throws Exception {
        var meters = new SimpleMeterRegistry();
        try (var story = story(1); var admin = admin()) {
            var config = story.config.withKafka(Map.of("producer.transaction.timeout.ms", "1000"));
            quota(admin, story, 700.0);
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                send(story, "a", "b", "c");
                story.client.await("longer transactions", () -> seconds(meters) > 5);
                quota(admin, story, null);
                assertWhole(story);
                assertThat(meters.get("flover.lives").counter().count()).isLessThanOrEqualTo(3);
                assertThat(pipeline.health().isAlive()).isTrue();
            }
        }
    }
}
