package dev.flover.tests.pipeline;

import static dev.flover.tests.pipeline.Client.greedy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.config.PipelineConfig.Remembering;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Producers that send a request again, with a real broker: after its end, while it is being answered, and a different
/// request under the same id.
class RetryStoryTest {
    private static final int PARTITIONS = 2;

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private static Story story() {
        return new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), PARTITIONS);
    }

    private static GenerationRequest request(int number) {
        return GenerationRequest.newBuilder().setId("r" + number).setPrompt(Story.OPENINGS.get(number % 8))
                .setAnswers(1 + number % 3).setSeed((long) number).setMaxTokens(12).setTenant("t")
                .setSampling(Sampling.newBuilder().setTemperature(1f).build()).build();
    }

    @Test
    void whatHadEndedIsSaidAgainByteForByteAlsoAfterARestart() throws Exception {
        var ids = new TreeSet<String>();
        try (var story = story()) {
            try (var pipeline = story.start(BundledModel.engine(story.model), new SimpleMeterRegistry())) {
                for (int i = 0; i < 40; i++) {
                    story.client.send(request(i));
                    ids.add("r" + i);
                }
                story.client.awaitTerminal(ids);
                assertThat(pipeline.health().isReady()).isTrue();
            }
            try (var pipeline = story.start(BundledModel.engine(story.model), new SimpleMeterRegistry())) {
                for (int i = 0; i < 40; i++) {
                    story.client.send(request(i));
                }
                story.client.await("repeats", () -> repeatedEnds(story).containsAll(ids));
                assertThat(pipeline.health().isReady()).isTrue();
            }
            ids.forEach(id -> assertSaidAgain(story, id));
            var results = results(story);
            ids.forEach(id -> {
                var written = results.stream().filter(record -> id.equals(key(record))).toList();
                assertThat(written).as(id).hasSize(2);
                assertThat(written.get(1).value()).isEqualTo(written.get(0).value());
            });
            assertThat(story.client.deadLetters).isEmpty();
        }
    }

    private static void assertSaidAgain(Story story, String id) {
        var chunks = story.client.chunks(id);
        assertThat(chunks.stream().filter(chunk -> chunk.getTerminal() && !chunk.getRepeat())).as(id).hasSize(1);
        assertThat(chunks.stream().filter(chunk -> chunk.getTerminal() && chunk.getRepeat())).as(id).hasSize(1);
        for (int answer = 0; answer < 3; answer++) {
            assertThat(said(chunks, answer, true)).as("answer %d of %s", answer, id)
                    .isEqualTo(said(chunks, answer, false));
        }
    }

    /// Returns the tokens, the text and the finish of one answer, from the chunks that are marked as repeats or from
    /// the others.
    private static List<Object> said(List<TokenChunk> chunks, int answer, boolean repeat) {
        var tokens = new ArrayList<Integer>();
        var text = new StringBuilder();
        var finishes = new ArrayList<Object>();
        chunks.stream().filter(chunk -> chunk.getAnswer() == answer && chunk.getRepeat() == repeat).forEach(chunk -> {
            tokens.addAll(chunk.getTokenIds());
            text.append(chunk.getText());
            if (chunk.getFinish() != null) {
                finishes.add(chunk.getFinish());
            }
        });
        return List.of(tokens, text.toString(), finishes);
    }

    @Test
    void whereResultsAreGoneTheSameTokensAreComputedAgain() throws Exception {
        try (var story = story(); var admin = Admin.create(Map.of("bootstrap.servers", SERVERS.bootstrapServers()));
                var pipeline = story.start(BundledModel.engine(story.model), new SimpleMeterRegistry())) {
            story.client.send(request(2));
            story.client.awaitTerminal(Set.of("r2"));
            var topic = story.config.topics().results();
            admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(-1),
                    new TopicPartition(topic, 1), RecordsToDelete.beforeOffset(-1))).all().get();
            story.client.send(request(2));
            story.client.await("the answer again", () -> repeatedEnds(story).contains("r2"));
            assertSaidAgain(story, "r2");
            assertThat(pipeline.health().isReady()).isTrue();
        }
    }

    @Test
    void whoSendsItAgainWhileItIsAnsweredIsAttachedAndAnotherOneIsRefused() throws Exception {
        try (var story = story(); var pipeline = story.start(BundledModel.engine(story.model),
                new SimpleMeterRegistry())) {
            var first = greedy("twice", "The old house", 400).setIgnoreEos(true).build();
            story.client.send(first);
            story.client.await("some tokens", () -> !story.client.chunks("twice").isEmpty());
            var attached = submit(story, "twice", "The old house", 400);
            var other = submit(story, "twice", "Somebody else", 400);
            var again = submit(story, "twice", "The old house", 400);
            story.client.awaitTerminal(Set.of("twice"));
            String text = story.client.chunks("twice").stream()
                    .filter(chunk -> !chunk.getRepeat()).map(TokenChunk::getText).reduce("", String::concat);
            String written = "flover: request twice is written to " + story.config.topics().requests() + " at "
                    + story.bootstrapServers + ", for the default model\n";
            assertThat(attached).isEqualTo(new SaidByCommand(0, text + "\n", written));
            assertThat(again).isEqualTo(new SaidByCommand(0, text + "\n", written));
            assertThat(other.code()).isEqualTo(1);
            assertThat(other.err()).contains("was refused: the id is that of a different request");
            story.client.await("the dead letter", () -> story.client.deadLetters.size() == 1);
            assertThat(story.client.chunks("twice").stream()
                    .filter(chunk -> chunk.getTerminal() && !chunk.getRepeat())).hasSize(1);
            assertThat(pipeline.health().isReady()).isTrue();
        }
    }

    @Test
    void equalRequestsGetTheStoredAnswerUntilItIsForgotten() throws Exception {
        try (var story = story()) {
            var standard = Remembering.standard();
            var config = story.config.with(
                    new Remembering(standard.ended(), standard.cancelled(), standard.entries(), 100));
            try (var pipeline = story.start(config, BundledModel.engine(story.model), new SimpleMeterRegistry())) {
                story.client.send(request(2));
                story.client.awaitTerminal(Set.of("r2"));
                assertThat(pipeline.health().isAlive()).isTrue();
            }
            var meters = new SimpleMeterRegistry();
            try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
                assertThat(pipeline.awaitReady(Duration.ofSeconds(60))).isTrue();
                int tries = 0;
                do {        // the index of stored answers is read in the background, so the first requests may miss it
                    story.client.send(renamed("equal" + ++tries));
                    story.client.awaitTerminal(Set.of("equal" + tries));
                } while (meters.get("flover.answers.cached").counter().count() == 0 && tries < 100);
                var cached = story.client.chunks("equal" + tries);
                assertThat(cached).allMatch(TokenChunk::getCached);
                assertThat(said(cached, 1, false)).isEqualTo(said(story.client.chunks("r2"), 1, false));
                assertThat(story.client.result("equal" + tries).getCached()).isTrue();

                assertThat(SaidByCommand.of(story, "forget", "r2").code()).isZero();
                for (int i = 1; i < tries; i++) {       // the answers computed by the earlier tries are stored, too
                    assertThat(SaidByCommand.of(story, "forget", "equal" + i).code()).isZero();
                }
                story.client.send(renamed("later"));
                story.client.awaitTerminal(Set.of("later"));
                assertThat(story.client.result("later").getCached()).isFalse();
                assertThat(results(story).stream().filter(record -> key(record).equals("r2")).toList().getLast()
                        .value()).isNull();
                story.client.send(request(2));
                story.client.await("the new answer", () -> story.client.chunks("r2").stream()
                        .filter(TokenChunk::getTerminal).count() == 2);
                assertThat(story.client.chunks("r2")).noneMatch(TokenChunk::getRepeat);
            }
        }
    }

    private static GenerationRequest renamed(String id) {
        return GenerationRequest.newBuilder(request(2)).setId(id).build();
    }

    private static Set<String> repeatedEnds(Story story) {
        var ids = new HashSet<String>();
        story.client.chunks.stream().filter(chunk -> chunk.getTerminal() && chunk.getRepeat())
                .forEach(chunk -> ids.add(chunk.getRequestId()));
        return ids;
    }

    private static String key(ConsumerRecord<byte[], byte[]> record) {
        return new String(record.key(), StandardCharsets.UTF_8);
    }

    /// Reads all committed records of the results topic.
    private static List<ConsumerRecord<byte[], byte[]>> results(Story story) {
        var found = new ArrayList<ConsumerRecord<byte[], byte[]>>();
        try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", SERVERS.bootstrapServers(),
                "isolation.level", "read_committed"), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var partitions = List.of(new TopicPartition(story.config.topics().results(), 0),
                    new TopicPartition(story.config.topics().results(), 1));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(50)).forEach(found::add);
            }
        }
        return found;
    }

    private static SaidByCommand submit(Story story, String id, String prompt, int tokens) {
        return SaidByCommand.of(story, "submit", "--id", id, "--temperature", "0",
                "--max-tokens", Integer.toString(tokens), "--ignore-eos", prompt);
    }
}
