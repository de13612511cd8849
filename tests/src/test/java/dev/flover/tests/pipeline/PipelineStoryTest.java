package dev.flover.tests.pipeline;

import static dev.flover.tests.pipeline.Client.greedy;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.topology.Health;
import dev.flover.topology.config.PipelineConfig.RecordForm;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.config.PipelineConfig.WaitingLimits;
import dev.flover.topology.setup.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The whole path through a real broker: requests on one topic, tokens of the bundled model on another.
class PipelineStoryTest {
    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private static Admin admin;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    @BeforeAll
    static void openAdmin() {
        admin = Admin.create(Map.of("bootstrap.servers", SERVERS.bootstrapServers()));
    }

    @AfterAll
    static void closeAdmin() {
        if (admin != null) {
            admin.close();
        }
    }

    private static Story story(int partitions) {
        return new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), partitions);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void promptsOfAllPartitionsBecomeTokensInOneStepForAll(int partitions) {
        int tokens = 20;
        try (var story = story(partitions)) {
            var expected = new ArrayList<SequenceRequest>();
            var ids = new TreeSet<String>();
            for (int i = 0; i < Story.OPENINGS.size(); i++) {
                boolean sampled = i % 2 == 1;
                var request = greedy("r" + i, Story.OPENINGS.get(i), tokens).setIgnoreEos(true);
                if (sampled) {
                    request.setSampling(Sampling.newBuilder().setTemperature(0.8f).build()).setSeed((long) i);
                }
                story.client.send(request.build());
                ids.add("r" + i);
                var sampling = sampled ? SamplingParams.sampled(0.8f, i) : SamplingParams.greedy();
                expected.add(story.bare(Story.OPENINGS.get(i), sampling, tokens));
            }
            story.client.flush();
            var engine = BundledModel.engine(story.model);
            try (var pipeline = story.start(engine, meters)) {
                story.client.awaitTerminal(ids);
                assertThat(pipeline.health().state()).isEqualTo(Health.State.READY);
            }
            var bare = BundledModel.tokens(expected);
            for (int i = 0; i < Story.OPENINGS.size(); i++) {
                assertThat(story.client.tokens("r" + i)).as(Story.OPENINGS.get(i)).isEqualTo(bare.get(i));
                assertThat(story.client.result("r" + i).getText()).isEqualTo(story.client.text("r" + i)).isNotBlank();
            }
            // One step for all partitions together needs about `tokens` steps. A separate step for each partition would
            // need that number times the number of partitions.
            assertThat(meters.get("flover.steps").functionCounter().count()).isBetween(20.0, 60.0);
        }
    }

    @Test
    void aRequestInJsonGetsTheTokensOfTheSameRequestInAvro() {
        try (var story = story(2); var pipeline = story.start(BundledModel.engine(story.model), meters)) {
            story.client.send(GenerationRequest.newBuilder().setId("avro").setPrompt("The old house").setMaxTokens(20)
                    .setIgnoreEos(true).setSeed(7L).setStop(List.of("never said"))
                    .setSampling(Sampling.newBuilder().setTemperature(0.8f).build()).build());
            story.client.send("json", """
                    {"prompt": "The old house", "max_completion_tokens": 20, "ignore_eos": true, "seed": 7,
                     "stop": "never said", "temperature": 0.8, "stream": true}""".getBytes(UTF_8));
            story.client.awaitTerminal(Set.of("avro", "json"));
            assertThat(story.client.tokens("json")).hasSize(20).isEqualTo(story.client.tokens("avro"));
            assertThat(pipeline.health().isReady()).isTrue();
        }
    }

    @Test
    void withJsonOnAllTopicsNoRegistryIsNeeded() throws Exception {
        try (var story = story(1)) {
            var config = story.config.with(RecordForm.JSON)
                    .withRegistry(Map.of("schema.registry.url", "http://127.0.0.1:9"));     // nothing listens there
            var request = "{\"prompt\": \"The old house\", \"max_tokens\": 5, \"temperature\": 0}".getBytes(UTF_8);
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                assertThat(pipeline.awaitReady(Duration.ofSeconds(60))).as(pipeline.health().toString()).isTrue();
                story.client.send("a", request);
                story.client.awaitTerminal(Set.of("a"));
            }
            try (var again = story.start(config, BundledModel.engine(story.model), meters)) {
                story.client.send("a", request);
                story.client.await("the stored answer", () -> story.client.chunks("a").stream()
                        .anyMatch(chunk -> chunk.getTerminal() && chunk.getRepeat()));
                assertThat(again.health().isReady()).isTrue();
            }
            assertThat(story.client.result("a").getText()).isNotBlank();
        }
    }

    @Test
    void aGenerationCanBeCancelledLiveWaitingAndBeforeItComes() {
        try (var story = story(1)) {
            var engine = BundledModel.engine(story.model);
            try (var pipeline = story.start(engine, meters)) {
                story.client.cancel("early");
                story.client.send(greedy("early", "The old house", 10).build());
                for (int i = 0; i < 16; i++) {
                    story.client.send(greedy("live" + i, Story.OPENINGS.get(i % 8), 200).setIgnoreEos(true).build());
                }
                story.client.send(greedy("waiting", "The captain said", 10).build());
                story.client.await("first tokens", () -> !story.client.chunks("live0").isEmpty());
                story.client.cancel("waiting");
                for (int i = 0; i < 16; i++) {
                    story.client.cancel("live" + i);
                }
                story.client.awaitTerminal(new TreeSet<>(List.of("early", "live0", "live15", "waiting")));
                assertThat(pipeline.health().isReady()).isTrue();
            }
            assertThat(story.client.result("early").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(story.client.result("waiting").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(story.client.result("waiting").getTokenIds()).isEmpty();
            assertThat(story.client.result("live0").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
            assertThat(story.client.result("live0").getTokenIds()).isNotEmpty().isEqualTo(story.client.tokens("live0"));
        }
    }

    @Test
    void whatCannotBeServedIsAnsweredOrPutAside() {
        try (var story = story(2)) {
            var engine = BundledModel.engine(story.model);
            try (var pipeline = story.start(engine, meters)) {
                story.client.send(greedy("too-long", "The old house", 10).setPrompt("word ".repeat(2000)).build());
                story.client.send(greedy("hot", "The old house", 10)
                        .setSampling(Sampling.newBuilder().setTemperature(99f).build()).build());
                story.client.send("garbage", "no Avro at all".getBytes(UTF_8));
                story.client.send("unknown-schema", new byte[] {0, 0, 1, 2, 3, 4, 5});
                var request = greedy("twice", "The captain said", 5).build();
                story.client.send(request);
                story.client.send(request);
                story.client.send(greedy("twice", "Somebody else", 5).build());
                story.client.send(greedy("late", "In the morning", 200).setDeadlineMs(1L).build());
                story.client.awaitTerminal(new TreeSet<>(List.of("too-long", "hot", "twice", "late")));
                story.client.await("dead letters", () -> story.client.deadLetters.size() >= 3);
                assertThat(pipeline.health().isReady()).isTrue();
            }
            assertThat(story.client.result("too-long").getFinishReason()).isEqualTo(FinishReason.REJECTED);
            assertThat(story.client.result("too-long").getMessage()).contains("context of 256 tokens");
            assertThat(story.client.result("hot").getMessage())
                    .isEqualTo("sampling.temperature must be in [0, 10], was 99.0");
            assertThat(story.client.result("late").getFinishReason()).isEqualTo(FinishReason.EXPIRED);
            assertThat(story.client.result("twice").getTokenIds()).hasSize(5);
            assertThat(meters.get("flover.requests.duplicate").counter().count()).isEqualTo(1);
            assertThat(story.client.deadLetters).hasSize(3).allSatisfy(letter ->
                    assertThat(letter.headers().lastHeader("flover.reason").value()).isNotEmpty());
        }
    }

    @Test
    void aRestartInTheMiddleChangesNoToken() {
        int tokens = 60;
        try (var story = story(2)) {
            var ids = new TreeSet<String>();
            var expected = new ArrayList<SequenceRequest>();
            for (int i = 0; i < 4; i++) {
                var sampling = Sampling.newBuilder().setTemperature(1f).setTopK(40).setTopP(0.9f).build();
                story.client.send(GenerationRequest.newBuilder().setId("r" + i).setPrompt(Story.OPENINGS.get(i))
                        .setSampling(sampling).setSeed(100L + i).setMaxTokens(tokens).setIgnoreEos(true).build());
                ids.add("r" + i);
                var bare = SamplingParams.sampled(1, 100L + i).withTopK(40).withTopP(0.9f);
                expected.add(story.bare(Story.OPENINGS.get(i), bare, tokens));
            }
            story.client.flush();
            for (int begun = 5; begun <= 25; begun += 10) {
                int goal = begun;
                try (var pipeline = story.start(BundledModel.engine(story.model), meters)) {
                    story.client.await(goal + " tokens", () -> story.client.tokens("r0").size() >= goal);
                    assertThat(pipeline.health().isAlive()).isTrue();
                }
            }
            try (var pipeline = story.start(BundledModel.engine(story.model), meters)) {
                story.client.awaitTerminal(ids);
                assertThat(pipeline.health().isAlive()).isTrue();
            }
            var bare = BundledModel.tokens(expected);
            for (int i = 0; i < 4; i++) {
                assertThat(story.client.tokens("r" + i)).isEqualTo(bare.get(i));
                assertThat(story.client.text("r" + i)).isEqualTo(story.client.result("r" + i).getText());
            }
        }
    }

    @Test
    void beyondTheWaitingRoomLagIsTheQueue() throws Exception {
        int requests = 1200;    // more than are answered before the test first looks
        try (var story = story(1)) {
            var config = story.config.with(new WaitingLimits(10, 1 << 20)).withKafka(Map.of(
                    "main.consumer.max.poll.records", "10", "buffered.records.per.partition", "10"));
            var ids = new TreeSet<String>();
            for (int i = 0; i < requests; i++) {
                story.client.send(greedy("r" + i, "The old house", 8).setIgnoreEos(true).build());
                ids.add("r" + i);
            }
            story.client.flush();
            var partition = new TopicPartition(config.topics().requests(), 0);
            long mostLag = 0;
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                story.client.await("first answers", () -> story.client.ended().size() >= 16);
                mostLag = Math.max(mostLag, lag(config.applicationId(), partition));
                // The waiting room holds 10. The records that Streams polled before the partition was paused come on
                // top.
                assertThat(meters.get("flover.waiting").gauge().value()).isLessThanOrEqualTo(100);
                story.client.awaitTerminal(ids);
                assertThat(pipeline.health().isReady()).isTrue();
            }
            assertThat(mostLag).isGreaterThan(20);
            assertThat(story.client.finished).hasSizeLessThanOrEqualTo(requests);
        }
    }

    private static long lag(String group, TopicPartition partition) throws Exception {
        var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(partition);
        long end = admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get().offset();
        return end - (committed == null ? 0 : committed.offset());
    }

    @Test
    void topicsOnWhichThePromiseCannotBeKeptEndThePipelineWithASentence() throws Exception {
        try (var story = story(2)) {
            var compacted = new TopicNames(story.config.topics().requests(), "compacted",
                    story.config.topics().results(),
                    story.config.topics().deadLetters(), story.config.topics().models());
            admin.createTopics(List.of(new NewTopic("compacted", 2, (short) 1)
                    .configs(Map.of("cleanup.policy", "compact")))).all().get();
            assertThat(endOf(story, compacted)).contains("compacted must have cleanup.policy=delete, found compact");
            var names = story.config.topics();
            var ofRequests = new TopicNames("compacted", names.tokens(), names.results(), names.deadLetters(),
                    names.models());
            assertThat(endOf(story, ofRequests)).contains("compacted must have cleanup.policy=delete, found compact");
        }
    }

    @Test
    void outputTopicsWithFewerPartitionsGetAsManyAndOneWithMoreIsWaitedFor() throws Exception {
        try (var story = story(2)) {
            var names = story.config.topics();
            admin.createTopics(List.of(new NewTopic("narrow", 1, (short) 1), new NewTopic("wide", 3, (short) 1)))
                    .all().get();
            var topics = new TopicNames(names.requests(), "narrow", "wide", names.deadLetters(), names.models());
            try (var pipeline = story.start(story.config.with(topics), BundledModel.engine(story.model), meters)) {
                while (!pipeline.health().detail().contains("give it as many: kafka-topics.sh --bootstrap-server ... "
                        + "--alter --topic " + names.requests() + " --partitions 3")) {
                    assertThat(pipeline.awaitReady(Duration.ofMillis(50))).isFalse();
                }
                admin.createPartitions(Map.of(names.requests(), NewPartitions.increaseTo(3))).all().get();
                assertThat(pipeline.awaitReady(Duration.ofSeconds(60))).isTrue();
                var narrow = admin.describeTopics(List.of("narrow")).allTopicNames().get().get("narrow");
                assertThat(narrow.partitions()).hasSize(3);
            }
        }
    }

    private String endOf(Story story, TopicNames topics) throws InterruptedException {
        try (var pipeline = story.start(story.config.with(topics), BundledModel.engine(story.model), meters)) {
            var end = pipeline.awaitEnd();
            assertThat(end.state()).isEqualTo(Health.State.FAILED);
            assertThat(pipeline.awaitReady(Duration.ofSeconds(1))).isFalse();
            return end.detail();
        }
    }

    @Test
    void topicsThatAreMissingAreWaitedFor() throws Exception {
        try (var story = story(1)) {
            var topics = new TopicNames("later-requests", "later-tokens", "later-results", "later-dead-letters",
                    "later-models");
            var config = story.config.with(topics);
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                while (!pipeline.health().detail().contains("missing: later-dead-letters")) {
                    assertThat(pipeline.awaitReady(Duration.ofMillis(50))).isFalse();
                }
                new Topics(admin, topics).create(1, (short) 1, Duration.ofHours(1));
                assertThat(pipeline.awaitReady(Duration.ofSeconds(60))).isTrue();
            }
        }
    }

    @Test
    void twoPipelinesDoNotShareAStateFolder() {
        try (var story = story(1);
                var first = story.start(BundledModel.engine(story.model), meters)) {
            try (var engine = BundledModel.engine(story.model)) {
                assertThatThrownBy(() -> story.start(engine, meters))
                        .hasMessageContaining("in use by another pipeline");
            }
            assertThat(first.health().isAlive()).isTrue();
        }
    }
}
