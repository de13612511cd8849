package dev.flover.tests.pipeline;

import static dev.flover.tests.pipeline.Client.greedy;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.ModelOrderKind;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.StoredForm;
import dev.flover.topology.Health;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.PipelineConfig.Serving;
import dev.flover.topology.models.Begin;
import dev.flover.topology.models.Orders;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Several pipelines read one requests topic: each request is answered by one of them, once.
class SharedTopicsStoryTest {
    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path folder;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private static Story story(int partitions) {
        return new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), folder.resolve("state"), partitions);
    }

    private static PipelineConfig group(Story story, String name, String model, Serving serving) {
        return PipelineConfig.of(story.config.applicationId() + "-" + name, SERVERS.bootstrapServers(),
                SERVERS.registryUrl(), folder.resolve("state"), model).with(story.config.topics()).with(serving);
    }

    private static Serving fromNow() {
        return Serving.standard().from(new Begin.Latest());
    }

    private Pipeline start(Story story, PipelineConfig config) throws InterruptedException {
        var pipeline = story.start(config, BundledModel.engine(story.model), meters);
        assertThat(pipeline.awaitReady(Duration.ofSeconds(60))).as(pipeline.health().toString()).isTrue();
        return pipeline;
    }

    private static GenerationRequest ask(String id, String model) {
        return greedy(id, Story.OPENINGS.get(Math.floorMod(id.hashCode(), 8)), 5).setIgnoreEos(true)
                .setModel(model).build();
    }

    /// Asserts that each id has one terminal chunk and one result, and that no other id has any.
    private static void assertAnsweredOnce(Story story, Set<String> ids) {
        story.client.awaitTerminal(ids);
        ids.forEach(story.client::result);
        Map<String, Long> ends = story.client.chunks.stream().filter(TokenChunk::getTerminal)
                .collect(Collectors.groupingBy(TokenChunk::getRequestId, TreeMap::new, Collectors.counting()));
        assertThat(ends.keySet()).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(ends.values()).containsOnly(1L);
        assertThat(story.client.finished).hasSize(ids.size());
    }

    @Test
    void threeGroupsAnswerEachRequestOnceAndEachItsModels() throws Exception {
        try (var story = story(2);
                var first = start(story, group(story, "a", "alpha", Serving.standard()));
                var second = start(story, group(story, "b", "beta", new Serving(Set.of("b"), false, null)));
                var third = start(story, group(story, "c", "gamma", Serving.standard()))) {
            var ids = new TreeSet<String>();
            for (int i = 0; i < 24; i++) {
                var model = new String[] {"alpha", "beta", "b", "gamma", null, "delta"}[i % 6];
                story.client.send(ask("r" + i, model));
                ids.add("r" + i);
            }
            story.client.send("garbage", "no Avro at all".getBytes(UTF_8));
            story.client.cancel("unheard-of");
            story.client.flush();
            story.client.await("a dead letter", () -> !story.client.deadLetters.isEmpty());
            assertAnsweredOnce(story, ids);
            assertThat(story.client.deadLetters).hasSize(1);
            for (int i = 0; i < 24; i++) {
                var result = story.client.result("r" + i);
                assertThat(result.getFinishReason()).as(result.toString())
                        .isEqualTo(i % 6 == 5 ? FinishReason.REJECTED : FinishReason.LENGTH);
            }
            assertThat(story.client.result("r5").getMessage()).contains("'delta'", "alpha, b, beta, gamma");
            assertThat(List.of(first, second, third)).allMatch(pipeline -> pipeline.health().isReady());
        }
    }

    @Test
    void aGroupThatIsStoppedStillServesAndItsRequestsWait() throws Exception {
        try (var story = story(2); var first = start(story, group(story, "a", "alpha", Serving.standard()))) {
            var beta = group(story, "b", "beta", Serving.standard());
            try (var second = start(story, beta)) {
                story.client.send(ask("before", "beta"));
                story.client.awaitTerminal(Set.of("before"));
                assertThat(second.health().isReady()).isTrue();
            }
            for (int i = 0; i < 6; i++) {
                story.client.send(ask("while" + i, i % 2 == 0 ? "beta" : "alpha"));
            }
            story.client.awaitTerminal(Set.of("while1", "while3", "while5"));
            assertThat(story.client.ended()).doesNotContain("while0", "while2", "while4");
            try (var second = start(story, beta)) {
                assertAnsweredOnce(story,
                        Set.of("before", "while0", "while1", "while2", "while3", "while4", "while5"));
                assertThat(List.of(first, second)).allMatch(pipeline -> pipeline.health().isReady());
            }
        }
    }

    @Test
    void aNewApplicationIdDoesNotAnswerWhatWasAnsweredAndHasToBeToldWhereItBegins() throws Exception {
        try (var story = story(2)) {
            try (var first = start(story, group(story, "a", "alpha", Serving.standard()))) {
                story.client.send(ask("one", "alpha"));
                story.client.send(ask("two", "beta"));
                story.client.awaitTerminal(Set.of("one", "two"));
                assertThat(first.health().isReady()).isTrue();
            }
            assertThat(failure(story, group(story, "b", "alpha", Serving.standard())))
                    .contains("'alpha' belongs to the group '" + story.config.applicationId() + "-a'");
            assertThat(failure(story, group(story, "b", "beta", Serving.standard())))
                    .contains("keeps 2 requests").contains("started for the first time");
            var earliest = Serving.standard().from(new Begin.Earliest());
            try (var second = start(story, group(story, "b", "beta", earliest))) {
                assertThat(second.registered().orElseThrow().note().orElseThrow()).contains("keeps 2 requests");
                story.client.send(ask("three", "beta"));
                assertAnsweredOnce(story, Set.of("one", "two", "three"));
            }
            assertThat(story.client.result("two").getFinishReason()).isEqualTo(FinishReason.REJECTED);
            assertThat(story.client.result("three").getFinishReason()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void theFirstGroupAnswersFromWhereItIsToldTo() throws Exception {
        try (var story = story(1)) {
            story.client.send(ask("old", null));
            story.client.flush();
            assertThat(failure(story, group(story, "a", "alpha", Serving.standard()))).contains("keeps 1 requests");
            var config = group(story, "a", "alpha", fromNow());
            try (var first = start(story, config)) {
                assertThat(first.registered().orElseThrow().note().orElseThrow())
                        .contains("0 of them are answered now, 1 are not answered");
                story.client.send(ask("new", null));
                story.client.awaitTerminal(Set.of("new"));
            }
            try (var again = start(story, config.with(Serving.standard()))) {      // the offset is given once only
                story.client.send(ask("newer", null));
                assertAnsweredOnce(story, Set.of("new", "newer"));
                assertThat(again.health().isReady()).isTrue();
            }
        }
    }

    private String failure(Story story, PipelineConfig config) throws InterruptedException {
        try (var pipeline = story.start(config, BundledModel.engine(story.model), meters)) {
            var end = pipeline.awaitEnd();
            assertThat(end.state()).isEqualTo(Health.State.FAILED);
            return end.detail();
        }
    }

    @Test
    void ofProcessesThatClaimOneNameAtOnceExactlyOneGetsIt() throws Exception {
        try (var story = story(2)) {
            var processes = new ArrayList<Process>();
            for (var name : List.of("a", "b")) {
                processes.add(PipelineProcess.of(group(story, name, "novelist", Serving.standard())).heard());
            }
            try {
                story.client.send(ask("claimed", "novelist"));
                story.client.awaitTerminal(Set.of("claimed"));
                var ended = new ArrayList<Process>();
                story.client.await("the end of one of them", () -> {
                    processes.stream().filter(process -> !process.isAlive() && !ended.contains(process))
                            .forEach(ended::add);
                    return ended.size() == 1;
                });
                for (var process : ended) {
                    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
                            .contains("the model name 'novelist' belongs to the group '");
                }
                assertAnsweredOnce(story, Set.of("claimed"));
            } finally {
                processes.forEach(process -> process.destroyForcibly().onExit().join());
            }
        }
    }

    @Test
    void modelsChangeHandsByOrdersAndNoRequestIsLostOrAnsweredTwice() throws Exception {
        try (var story = story(2);
                var first = start(story, group(story, "a", "alpha", Serving.standard()));
                var second = start(story, group(story, "b", "beta", Serving.standard()))) {
            var a = story.config.applicationId() + "-a";
            var b = story.config.applicationId() + "-b";
            var ids = new TreeSet<String>();
            sendWhile(story, "offer", ids, orders -> orders.giveUp(a, List.of(), true));
            sendWhile(story, "hand", ids, orders -> orders.handOver(List.of("alpha"), true, b));
            sendWhile(story, "up", ids, orders -> orders.giveUp(b, List.of("beta"), false));
            story.client.send(ask("last-alpha", "alpha"));
            story.client.send(ask("last-beta", "beta"));
            story.client.send(ask("last", null));
            ids.addAll(List.of("last-alpha", "last-beta", "last"));
            assertAnsweredOnce(story, ids);
            assertThat(story.client.result("last-beta").getFinishReason()).isEqualTo(FinishReason.REJECTED);
            assertThat(story.client.result("last").getFinishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(List.of(first, second)).allMatch(pipeline -> pipeline.health().isReady());
        }
    }

    private static void sendWhile(Story story, String name, Set<String> ids, Consumer<Orders> change) {
        var done = new CountDownLatch(1);
        Thread.ofPlatform().start(() -> {
            try {
                order(story, change);
            } finally {
                done.countDown();
            }
        });
        for (int i = 0; done.getCount() > 0; i++) {
            var id = name + i;
            story.client.send(ask(id, new String[] {"alpha", "beta", null}[i % 3]));
            ids.add(id);
            story.client.awaitSome(Duration.ofMillis(60));
        }
    }

    @Test
    @SuppressWarnings("try")    // the first group ends in the middle
    void aRepeatGetsTheFormerGroupsAnswerBeforeDuringAndAfterAHandOver() throws Exception {
        try (var story = story(2)) {
            var alpha = group(story, "a", "alpha", Serving.standard());
            var beta = group(story, "b", "beta", fromNow());
            var b = beta.applicationId();
            var live = greedy("live", "The old house", 300).setIgnoreEos(true).setModel("alpha").build();
            var ids = new TreeSet<>(Set.of("r0", "r1", "r2", "r3"));
            try (var first = start(story, alpha)) {
                ids.forEach(id -> story.client.send(ask(id, "alpha")));
                story.client.awaitTerminal(ids);
                repeat(story, "r0", 1);
                assertThat(first.health().isReady()).isTrue();
                try (var second = start(story, beta)) {
                    story.client.send(live);
                    story.client.await("its first chunk", () -> !story.client.chunks("live").isEmpty());
                    first.close();
                    sendWhile(story, "during", ids, orders -> {
                        story.client.send(ask("r1", "alpha"));
                        orders.handOver(List.of("alpha"), false, b);
                    });
                    story.client.send(live);        // begun or answered by the first group, which is stopped now
                    repeat(story, "r2", 1);
                    assertThat(second.health().isReady()).isTrue();
                }
            }
            try (var second = start(story, beta)) {
                repeat(story, "r2", 2);
                repeat(story, "r3", 1);
                try (var first = start(story, group(story, "a", "former", Serving.standard()))) {
                    ids.add("live");
                    story.client.awaitTerminal(ids);
                    awaitRepeats(story, "r1", 1);
                    repeat(story, "live", repeats(story, "live") + 1);
                    assertThat(List.of(first, second)).allMatch(pipeline -> pipeline.health().isReady());
                }
            }
            assertAnsweredOnceButForRepeats(story, ids);
        }
    }

    private static void repeat(Story story, String id, int count) {
        story.client.send(id.equals("live")
                ? greedy(id, "The old house", 300).setIgnoreEos(true).setModel("alpha").build()
                : ask(id, "alpha"));
        awaitRepeats(story, id, count);
    }

    private static void awaitRepeats(Story story, String id, int count) {
        story.client.await("repeat of " + id, () -> repeats(story, id) >= count);
    }

    private static int repeats(Story story, String id) {
        return (int) story.client.chunks(id).stream().filter(chunk -> chunk.getTerminal() && chunk.getRepeat()).count();
    }

    /// Asserts that every id has one terminal chunk that is not a repeat, and that all its results are equal.
    private static void assertAnsweredOnceButForRepeats(Story story, Set<String> ids) {
        ids.forEach(story.client::result);
        Map<String, Long> ends = story.client.chunks.stream()
                .filter(chunk -> chunk.getTerminal() && !chunk.getRepeat())
                .collect(Collectors.groupingBy(TokenChunk::getRequestId, TreeMap::new, Collectors.counting()));
        assertThat(ends.keySet()).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(ends.values()).containsOnly(1L);
    }

    private static void order(Story story, Consumer<Orders> change) {
        var topics = story.config.topics();
        try (var orders = new Orders(story.config.kafka(), topics.models(), topics.requests(), new CountDownLatch(1))) {
            change.accept(orders);
        }
    }

    @Test
    void anOrderWhoseAuthorDiedIsCompletedByTheGroupsThatWaitForIt() throws Exception {
        try (var story = story(1); var first = start(story, group(story, "a", "alpha", Serving.standard()))) {
            var order = ModelOrder.newBuilder().setKind(ModelOrderKind.REGISTER).setGroup("dead")
                    .setNames(List.of("ghost")).setTopicId("").setOffsets(List.of()).setAt(0).build();
            try (var producer = new KafkaProducer<>(Map.of("bootstrap.servers", SERVERS.bootstrapServers()),
                    new ByteArraySerializer(), new ByteArraySerializer())) {
                producer.send(new ProducerRecord<>(story.config.topics().models(), "flover".getBytes(UTF_8),
                        StoredForm.of(ModelOrder.class).encode(order))).get();
            }
            var topics = story.config.topics();
            try (var orders = new Orders(story.config.kafka(), topics.models(), topics.requests(),
                    new CountDownLatch(1))) {
                assertThat(orders.registrations().isSettled()).isFalse();
                story.client.await("the order to hold", () -> orders.registrations().isSettled());
                assertThat(orders.registrations().latest().namesOf("dead")).containsExactly("ghost");
            }
            story.client.send(ask("ghost", "ghost"));
            story.client.send(ask("late", "alpha"));
            assertAnsweredOnce(story, Set.of("late"));      // the request for `ghost` waits for its group
            assertThat(first.health().isReady()).isTrue();
        }
    }

    @Test
    void theCommandLineListsAndChanges() throws Exception {
        try (var story = story(1); var first = start(story, group(story, "a", "alpha", Serving.standard()))) {
            var a = story.config.applicationId() + "-a";
            var b = story.config.applicationId() + "-b";
            try (var second = start(story, group(story, "b", "beta", Serving.standard()))) {
                assertThat(SaidByCommand.of(story, "models").out())
                        .contains(a + "  (default: answers requests that name no model)", "  alpha  since offsets [0]",
                                b + "\n  beta  since offsets [0]");
                assertThat(SaidByCommand.of(story, "models remove", b).err()).contains("runs, with 1 members");
                assertThat(second.health().isReady()).isTrue();
            }
            story.client.send(ask("unread", "beta"));
            story.client.flush();
            assertThat(SaidByCommand.of(story, "models remove", b).err()).contains("has not read 1 records");
            assertThat(SaidByCommand.of(story, "models remove", a).err()).contains("runs, with 1 members");
            assertThat(SaidByCommand.of(story, "models give-up", "--group", a, "beta").err())
                    .contains("does not serve 'beta'");

            var removed = SaidByCommand.of(story, "models remove", b, "--abandon");
            assertThat(removed.code()).as(removed.toString()).isZero();
            assertThat(removed.out()).contains(a).doesNotContain(b);
            story.client.send(ask("orphan", "beta"));
            assertAnsweredOnce(story, Set.of("orphan"));
            assertThat(story.client.result("orphan").getMessage()).contains("'beta'", "alpha");

            var listed = new ObjectMapper().readTree(SaidByCommand.of(story, "models", "--json").out());
            assertThat(listed).isEqualTo(new ObjectMapper().readTree("""
                    {"groups": [{"group": "%s", "default": true, "models": [{"name": "alpha", "since": [0]}]}],
                     "settled": true, "default_offered": false}""".formatted(a)));
            assertThat(first.health().isReady()).isTrue();
        }
    }

    @Test
    void theCommandLineSaysThatTheTopicIsNotThere() throws Exception {
        try (var story = story(1); var admin = Admin.create(Map.of("bootstrap.servers", SERVERS.bootstrapServers()))) {
            admin.deleteTopics(List.of(story.config.topics().models())).all().get();
            var said = SaidByCommand.of(story, "models");
            assertThat(said.code()).as(said.toString()).isEqualTo(1);
            assertThat(said.err()).contains("flover up --create-topics");
        }
    }
}
