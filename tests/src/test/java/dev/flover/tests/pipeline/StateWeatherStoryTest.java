package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.Health;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import dev.flover.topology.position.LostState;
import dev.flover.topology.setup.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// An operator or a fault deletes or disturbs the data that a pipeline keeps in Kafka; docs/operate/weather.md has a
/// row for each case.
class StateWeatherStoryTest {
    private static final int SHORT = 5;
    private static final int LONG = 250;
    private static final List<String> LIVE = List.of("live-1", "live-2", "live-3", "live-4");
    private static final List<String> STORES = List.of("requests", "progress", "attempts", "ended", "parked");

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final Map<String, SequenceRequest> bare = new LinkedHashMap<>();
    private final Map<String, GenerationRequest> requests = new HashMap<>();

    private static Story story(int partitions) {
        return new Story(SERVERS.disturbed().direct(), SERVERS.registryUrl(), folder.resolve("state"), partitions);
    }

    private static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", SERVERS.disturbed().direct()));
    }

    private static Pipeline start(Story story, PipelineConfig config) {
        return story.start(config, BundledModel.engine(story.model), new SimpleMeterRegistry());
    }

    private static PipelineConfig choosing(Story story, LostState choice) {
        return story.config.with(story.config.serving().with(choice));
    }

    private void send(Story story, int tokens, String... ids) {
        for (var id : ids) {
            var prompt = Story.OPENINGS.get(bare.size() % Story.OPENINGS.size());
            requests.put(id, Client.greedy(id, prompt, tokens).setIgnoreEos(true).build());
            story.client.send(requests.get(id));
            bare.put(id, story.bare(prompt, SamplingParams.greedy(), tokens));
        }
    }

    /// Runs a pipeline until one request has ended and two have begun.
    private void runUntilTwoAreLive(Story story) {
        try (var pipeline = start(story, story.config)) {
            send(story, SHORT, "ended");
            story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
            send(story, LONG, "live-1", "live-2");
            story.client.await("tokens", () -> !story.client.chunks("live-1").isEmpty()
                    && !story.client.chunks("live-2").isEmpty());
            assertThat(pipeline.health().isAlive()).isTrue();
        }
        assertThat(story.client.ended()).containsExactly("ended");
    }

    private static void deleteChangelogs(Story story, List<String> stores) throws Exception {
        try (var admin = admin()) {
            admin.deleteTopics(stores.stream()
                    .map(store -> story.config.applicationId() + "-" + store + "-changelog").toList()).all().get();
        }
    }

    private static void deleteOffsets(Story story) throws Exception {
        try (var admin = admin()) {
            admin.deleteConsumerGroups(List.of(story.config.applicationId())).all().get();
        }
    }

    private static String refusal(Story story) throws InterruptedException {
        try (var pipeline = start(story, story.config)) {
            var end = pipeline.awaitEnd();
            assertThat(end.state()).isEqualTo(Health.State.FAILED);
            assertThat(pipeline.undecided().orElseThrow().choices()).extracting("option")
                    .containsExactly("--lost-state reread", "--lost-state abandon");
            return end.detail();
        }
    }

    /// Asserts that each request has its result, with the tokens of the engine alone, and exactly one terminal chunk.
    private void assertAnsweredOnce(Story story) {
        var expected = BundledModel.tokens(List.copyOf(bare.values()));
        var ids = new ArrayList<>(bare.keySet());
        for (int i = 0; i < ids.size(); i++) {
            assertThat(story.client.result(ids.get(i)).getTokenIds()).as(ids.get(i)).isEqualTo(expected.get(i));
        }
        assertThat(story.client.chunks.stream().filter(TokenChunk::getTerminal).map(TokenChunk::getRequestId).toList())
                .containsExactlyInAnyOrderElementsOf(ids);
    }

    @Test
    void afterAllChangelogsAreDeletedSomebodyChoosesAndNothingThatHasAResultIsComputedAgain() throws Exception {
        try (var story = story(2)) {
            runUntilTwoAreLive(story);
            deleteChangelogs(story, STORES);
            int before = story.client.chunks.size();

            assertThat(refusal(story)).contains(story.config.applicationId() + "-requests-changelog").contains("gone");
            assertThat(refusal(story)).contains("gone");        // Kafka Streams has not created the changelog again

            assertThat(story.client.chunks).hasSize(before);
            try (var pipeline = start(story, choosing(story, LostState.REREAD))) {
                send(story, SHORT, "after");
                story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                assertAnsweredOnce(story);
                assertThat(pipeline.health().isReady()).isTrue();
            }
            try (var healthy = start(story, story.config)) {
                send(story, SHORT, "later");
                story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                assertAnsweredOnce(story);
                assertThat(healthy.health().isReady()).isTrue();
            }
        }
    }

    @Test
    @Tag("long")
    void oneChangelogThatIsDeletedIsNamed() throws Exception {
        try (var story = story(1)) {
            runUntilTwoAreLive(story);
            deleteChangelogs(story, List.of("progress"));

            assertThat(refusal(story)).contains("-progress-changelog are gone");

            try (var pipeline = start(story, choosing(story, LostState.ABANDON))) {
                send(story, SHORT, "after");
                story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                assertAnsweredOnce(story);      // the changelog of requests was not deleted
                assertThat(pipeline.health().isReady()).isTrue();
            }
        }
    }

    @Test
    void offsetsThatAreLostAreTakenFromTheState() throws Exception {
        try (var story = story(2)) {
            runUntilTwoAreLive(story);
            deleteOffsets(story);

            try (var pipeline = start(story, story.config)) {
                send(story, SHORT, "after");
                story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                assertAnsweredOnce(story);
                bare.keySet().forEach(id -> assertThat(story.client.tokens(id)).as(id)
                        .isEqualTo(story.client.result(id).getTokenIds()));
                assertThat(pipeline.health().isReady()).isTrue();
            }
        }
    }

    @Test
    @Tag("long")
    void offsetsAndChangelogsThatAreDeletedTogetherAreALossAndNoFirstStart() throws Exception {
        try (var story = story(1)) {
            runUntilTwoAreLive(story);
            deleteChangelogs(story, STORES);
            deleteOffsets(story);

            assertThat(refusal(story)).contains("neither offsets nor changelogs");

            try (var pipeline = start(story, choosing(story, LostState.REREAD))) {
                story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                assertAnsweredOnce(story);
                assertThat(pipeline.health().isReady()).isTrue();
            }
        }
    }

    @Test
    void processesWithCopiesOfOneStateFolderBothServe() throws Exception {
        try (var story = story(2)) {
            var copied = folder.resolve("copy-of-" + story.config.applicationId());
            var config = story.config;
            var copy = PipelineConfig.of(config.applicationId(), SERVERS.disturbed().direct(),
                    SERVERS.registryUrl(), copied, "novelist").with(config.topics()).with(config.serving());
            var meters = new SimpleMeterRegistry();
            try (var first = story.start(config, BundledModel.engine(story.model), meters)) {
                send(story, SHORT, "before");
                story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                var name = Path.of(config.applicationId(), "instance");
                Files.createDirectories(copied.resolve(config.applicationId()));
                Files.copy(config.stateDir().resolve(name), copied.resolve(name));
                try (var second = start(story, copy)) {
                    story.client.await("two names", () -> !read(config.stateDir().resolve(name))
                            .equals(read(copied.resolve(name))));
                    send(story, LONG, "a", "b", "c", "d");
                    story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                    assertAnsweredOnce(story);
                    story.client.await("both", () -> first.health().isReady() && second.health().isReady());
                    assertThat(meters.get("flover.lives").counter().count()).isLessThanOrEqualTo(3);
                }
            }
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anotherApplicationInTheConsumerGroupIsNamedAndWaitedFor() throws Exception {
        try (var story = story(1)) {
            send(story, SHORT, "a");
            Map<String, Object> foreign = Map.of("bootstrap.servers", SERVERS.disturbed().direct(), "group.id",
                    story.config.applicationId(), "client.id", "stranger", "enable.auto.commit", false);
            var leave = new CountDownLatch(1);
            var stranger = Thread.ofPlatform().start(() -> {
                try (var consumer = new KafkaConsumer<>(
                        foreign, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                    consumer.subscribe(List.of(story.config.topics().requests()));
                    while (leave.getCount() > 0) {
                        consumer.poll(Duration.ofMillis(50));
                    }
                }
            });
            try (var admin = admin()) {
                story.client.await("the stranger", () -> isMember(admin, story, "stranger"));
                try (var pipeline = start(story, story.config)) {
                    story.client.await("sentence",
                            () -> pipeline.health().detail().contains("another application is in the consumer group")
                                    && pipeline.health().detail().contains("'stranger' at"));
                    leave.countDown();
                    stranger.join();
                    story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                    assertAnsweredOnce(story);
                }
            } finally {
                leave.countDown();
            }
        }
    }

    private static boolean isMember(Admin admin, Story story, String client) {
        var group = story.config.applicationId();
        return admin.describeConsumerGroups(List.of(group)).describedGroups().get(group).toCompletionStage()
                .handle((found, none) -> found != null && found.members().stream()
                        .anyMatch(member -> member.clientId().equals(client)))
                .toCompletableFuture().join();
    }

    @Test
    void partitionsThatAreAddedWhileItRunsLoseNothingAndIdsFromBeforeAreFound() throws Exception {
        var meters = new SimpleMeterRegistry();
        try (var story = story(2); var admin = admin();
                var pipeline = story.start(story.config, BundledModel.engine(story.model), meters)) {
            send(story, SHORT, "ended-1", "ended-2", "ended-3", "ended-4");
            story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
            send(story, LONG, "live-1", "live-2", "live-3", "live-4");
            story.client.await("tokens", () -> LIVE.stream().noneMatch(id -> story.client.chunks(id).isEmpty()));

            admin.createPartitions(Map.of(story.config.topics().requests(), NewPartitions.increaseTo(5))).all().get();
            story.client.await("another life", () -> meters.get("flover.lives").counter().count() > 1);
            try (var late = new Client(SERVERS.disturbed().direct(), SERVERS.registryUrl(), story.config.topics())) {
                bare.keySet().stream().filter(id -> id.startsWith("live") || id.startsWith("ended"))
                        .forEach(id -> late.send(requests.get(id)));
                send(story, SHORT, "new-1", "new-2", "new-3", "new-4", "new-5", "new-6");
                late.awaitTerminal(new TreeSet<>(bare.keySet()));
                late.await("what is said again", () -> late.chunks.stream().filter(TokenChunk::getRepeat)
                        .filter(TokenChunk::getTerminal).count() >= 4);
                late.chunks.removeIf(TokenChunk::getRepeat);
                var expected = BundledModel.tokens(List.copyOf(bare.values()));
                var ids = new ArrayList<>(bare.keySet());
                for (int i = 0; i < ids.size(); i++) {
                    assertThat(late.tokens(ids.get(i))).as(ids.get(i)).isEqualTo(expected.get(i));
                }
                assertThat(late.chunks.stream().filter(TokenChunk::getTerminal).map(TokenChunk::getRequestId).toList())
                        .containsExactlyInAnyOrderElementsOf(ids);
            }
            assertThat(pipeline.health().isReady()).isTrue();
            assertThat(meters.get("flover.requests.passed.on").counter().count()).isPositive();
        }
    }

    @Test
    @Tag("long")
    void requestsThatTheirRetentionDeletesUnreadAreCountedAndTheOthersAnswered() throws Exception {
        var meters = new SimpleMeterRegistry();
        try (var story = story(1); var admin = admin()) {
            var narrow = story.config.with(new WaitingLimits(2, 1 << 20)).withKafka(Map.of(
                    "main.consumer.max.poll.records", "1", "main.consumer.max.partition.fetch.bytes", "500",
                    "buffered.records.per.partition", "1"));
            var partition = new TopicPartition(story.config.topics().requests(), 0);
            try (var pipeline = story.start(narrow, BundledModel.engine(story.model), meters)) {
                sendNumbered(story, 0, 30);
                story.client.await("a full waiting room", () -> meters.get("flover.waiting").gauge().value() >= 2);
                sendNumbered(story, 30, 60);        // a paused partition is not fetched, so these stay unread
                admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(59))).all().get();

                story.client.await("the count of what is gone",
                        () -> meters.get("flover.requests.deleted.unread").counter().count() > 0);
                story.client.awaitTerminal(new TreeSet<>(List.of("r0", "r59")));
                story.client.await("all that are left", () -> story.client.ended().size()
                        + meters.get("flover.requests.deleted.unread").counter().count() == 60);
                assertThat(pipeline.health().isReady()).isTrue();
            }
        }
    }

    private static void sendNumbered(Story story, int from, int to) {
        for (int i = from; i < to; i++) {
            story.client.send(Client.greedy("r" + i, "The old house", LONG).setIgnoreEos(true).build());
        }
        story.client.flush();
    }

    @Test
    @Tag("long")
    void aResultsTopicThatIsDeletedAndMadeAgainWhileItRunsGetsTheResultsOfWhatIsLive() throws Exception {
        try (var story = story(1); var admin = admin()) {
            var impatient = story.config.withKafka(Map.of("producer.max.block.ms", "3000",
                    "producer.request.timeout.ms", "2000", "producer.delivery.timeout.ms", "3000"));
            try (var pipeline = start(story, impatient)) {
                send(story, LONG, "a", "b");
                story.client.await("tokens", () -> !story.client.chunks("b").isEmpty());
                var results = story.config.topics().results();
                admin.deleteTopics(List.of(results)).all().get();
                story.client.await("sentence", () -> pipeline.health().detail().contains("missing: " + results));
                new Topics(admin, story.config.topics()).create(1, (short) 1, Duration.ofHours(1));
                story.client.awaitTerminal(new TreeSet<>(bare.keySet()));
                assertAnsweredOnce(story);
                assertThat(pipeline.health().isAlive()).isTrue();
            }
        }
    }
}
