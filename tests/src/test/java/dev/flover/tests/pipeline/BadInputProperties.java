package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import dev.flover.http.Bridge;
import dev.flover.http.BridgeConfig;
import dev.flover.http.topics.TopicAccess;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import dev.flover.tests.pipeline.BadInput.Answer;
import dev.flover.topology.Pipeline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Writes bad records of all kinds to a real broker: each record gets its answer, and the next good request is served.
class BadInputProperties {
    private static final Path PAGE = Path.of("..", "docs", "operate", "bad-input.md");
    private static final String RENEW = "flover.renew";
    private static final int LONGEST_MESSAGE = 240;
    private static final int BODY_BYTES = 200_000;

    private static TemporaryFolder folder;
    private static EmbeddedBroker broker;
    private static EmbeddedRegistry registry;
    private static Story story;
    private static Pipeline pipeline;
    private static KafkaProducer<byte[], byte[]> producer;
    private static int batch;

    @BeforeContainer
    static void start() {
        BundledModel.path();
        folder = TemporaryFolder.create("flover-bad-input");
        broker = EmbeddedBroker.start(folder.path().resolve("broker"));
        registry = EmbeddedRegistry.start(folder.path().resolve("registry"));
        story = new Story(broker.bootstrapServers(), registry.url(), folder.path().resolve("state"), 1);
        pipeline = story.start(BundledModel.engine(story.model), new SimpleMeterRegistry());
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 0,
                "compression.type", "gzip", "max.request.size", 64 << 20, "buffer.memory", 128L << 20),
                new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterContainer
    static void stop() {
        producer.close(Duration.ofSeconds(5));
        pipeline.close();
        story.close();
        registry.close();
        broker.close();
        folder.close();
    }

    @Example
    void everyBadInputGetsTheAnswerThatThePageNames() throws Exception {
        var inputs = BadInputs.all(registry.url());
        var offsets = new LinkedHashMap<BadInput, Long>();
        var found = new LinkedHashMap<BadInput, String>();
        for (var rows : inputs.values()) {
            for (var input : rows) {
                write(input, offsets, found);
            }
        }
        assertServed("after-bad-input");
        offsets.forEach((input, offset) -> found.put(input, answer(input, offset)));
        inputs.values().forEach(rows -> rows.forEach(input ->
                assertThat(found.get(input)).as(input.what()).startsWith(input.answer().words)));
        assertThat(pipeline.health().isReady()).isTrue();
        compare(page(inputs, found) + calls());
    }

    /// Sends the bad HTTP requests to a bridge, and returns their part of the page.
    private static String calls() throws IOException {
        var rows = new StringBuilder("\n## HTTP requests\n\n| Request to the HTTP bridge | Response |\n|---|---|\n");
        var limits = BridgeConfig.Limits.standard().withBodyBytes(BODY_BYTES);
        var impatient = limits.withTimes(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(10));
        try (var bridge = Bridge.start(bridgeConfig().with(limits), null);
                var other = Bridge.start(bridgeConfig().with(impatient), null)) {
            awaitReady(bridge);
            for (var call : BadCalls.all(BODY_BYTES)) {
                String answer = BadCalls.answer((call.stops() ? other : bridge).port(), call);
                assertThat(answer).as(call.what()).startsWith(call.status() + ": ");
                rows.append("| ").append(call.what()).append(" | ")
                        .append(brief(answer.replaceFirst("^0: ", ""))).append(" |\n");
            }
            assertThat(bridge.isReady()).isTrue();
        }
        assertServed("after-bad-calls");
        return rows.toString();
    }

    private static BridgeConfig bridgeConfig() {
        var topics = story.config.topics();
        var servers = Map.of("bootstrap.servers", broker.bootstrapServers());
        var access = new TopicAccess(
                new TopicAccess.TopicsOfBridge(topics.requests(), topics.tokens(),
                topics.results(), topics.models()), servers, servers,
                Map.of("schema.registry.url", registry.url()));
        return BridgeConfig.of("127.0.0.1", 0, access);
    }

    private static void awaitReady(Bridge bridge) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!bridge.isReady()) {
            assertThat(System.nanoTime()).as("the bridge becomes ready").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private static void write(BadInput input, Map<BadInput, Long> offsets, Map<BadInput, String> found)
            throws InterruptedException {
        var record = new ProducerRecord<>(story.config.topics().requests(), 0, input.timestamp(), input.key(),
                input.value());
        input.headers().forEach(record.headers()::add);
        try {
            offsets.put(input, producer.send(record).get().offset());
        } catch (ExecutionException e) {
            assertThat(e.getCause()).as(input.what()).isInstanceOf(ApiException.class);
            found.put(input, Answer.REFUSED_BY_BROKER.words + " (`" + e.getCause().getClass().getSimpleName() + "`)");
        }
    }

    private String answer(BadInput input, long offset) {
        return switch (input.answer()) {
            case DEAD_LETTER -> {
                story.client.await("a dead letter of " + input.what(), () -> reason(offset) != null);
                yield Answer.DEAD_LETTER.words + ": " + brief(reason(offset));
            }
            case REJECTED, EXPIRED, SERVED -> {
                story.client.awaitTerminal(new TreeSet<>(List.of(input.id())));
                var finish = story.client.chunks(input.id()).stream().filter(TokenChunk::getTerminal).findFirst()
                        .orElseThrow().getFinish();
                yield finish.getReason() == FinishReason.LENGTH || finish.getReason() == FinishReason.STOP
                        ? Answer.SERVED.words
                        : finish.getReason().name().toLowerCase(Locale.ROOT) + ": "
                                + brief(finish.getMessage());
            }
            case ABSORBED -> {
                assertThat(reason(offset)).isNull();
                story.client.awaitTerminal(new TreeSet<>(List.of(input.id())));
                assertThat(story.client.chunks(input.id()).stream().filter(TokenChunk::getTerminal)
                        .filter(chunk -> !chunk.getRepeat())).hasSize(1);
                yield Answer.ABSORBED.words;
            }
            case REFUSED_BY_BROKER -> "taken by the broker";
        };
    }

    /// Returns the reason of the dead letter for the record at this offset of the requests topic; null if there is
    /// none.
    private String reason(long offset) {
        return story.client.deadLetters.stream()
                .filter(letter -> header(letter.headers(), "flover.source.offset").equals(Long.toString(offset)))
                .map(letter -> header(letter.headers(), "flover.reason"))
                .findFirst().orElse(null);
    }

    private static String header(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    private static String brief(String message) {
        String plain = message.replace(story.config.topics().requests(), "generation-requests").replace("|", "\\|")
                .replaceFirst("maximum allowed of \\d+", "maximum allowed of this heap");
        return plain.length() <= LONGEST_MESSAGE ? plain : plain.substring(0, LONGEST_MESSAGE) + "...";
    }

    private static String page(Map<String, List<BadInput>> inputs, Map<BadInput, String> found) {
        var page = new StringBuilder("""
                # Bad input

                The answers to records that should not have been written, and to HTTP requests that should not have
                been sent. `BadInputProperties` writes each of these records to a real broker, sends each of these
                requests to a real bridge, and compares this page with the answers. To renew the page:

                ```
                ./mvnw -pl tests -am verify -Dtest=BadInputProperties -Dsurefire.failIfNoSpecifiedTests=false \\
                    -Dflover.renew=true
                ```

                A *rejection* is the request's only terminal chunk and its result, with the reason as their message. A
                *dead letter* is the unchanged record on `generation-dead-letters`, with the reason in the header
                `flover.reason`; records that have no id or cannot be read become dead letters. Neither delays the
                records after it.

                The same test writes requests with arbitrary values and arbitrarily changed bytes: each gets one answer,
                and the request after them is served. The statuses of HTTP responses are explained [on the page about
                HTTP](../use/http.md#errors).
                """);
        inputs.forEach((kind, rows) -> {
            page.append("\n## ").append(kind).append("\n\n| Record | Answer |\n|---|---|\n");
            rows.forEach(row -> page.append("| ").append(row.what()).append(" | ").append(found.get(row))
                    .append(" |\n"));
        });
        return page.toString();
    }

    private static void compare(String page) throws IOException {
        if (Boolean.getBoolean(RENEW)) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
                .as("docs/operate/bad-input.md, which says how to renew it").isEqualTo(page);
    }

    @Property(tries = 12, seed = "20261122", shrinking = ShrinkingMode.OFF)
    void fuzzedRecordsNeverStopTheStream(@ForAll("fuzzedRequests") List<FuzzedRequest> requests) {
        int number = ++batch;
        var keys = new ArrayList<String>();
        for (int i = 0; i < requests.size(); i++) {
            String key = "fuzzed-" + number + "-" + i;
            keys.add(key);
            story.client.send(key, requests.get(i).bytes(key, story.client));
        }
        assertServed("after-fuzzed-" + number);
        story.client.await("an answer to each of " + keys, () -> keys.stream().allMatch(this::isAnswered));
        for (var key : keys) {
            long terminal = story.client.chunks(key).stream().filter(chunk -> chunk.getTerminal()).count();
            assertThat(terminal + letters(key)).as(key).isEqualTo(1);
        }
        assertThat(pipeline.health().isReady()).isTrue();
    }

    @Provide
    Arbitrary<List<FuzzedRequest>> fuzzedRequests() {
        return FuzzedRequest.any().list().ofMinSize(20).ofMaxSize(60);
    }

    private boolean isAnswered(String key) {
        return story.client.ended().contains(key) || letters(key) > 0;
    }

    private long letters(String key) {
        return story.client.deadLetters.stream()
                .filter(letter -> letter.key() != null && key.equals(new String(letter.key(), StandardCharsets.UTF_8)))
                .count();
    }

    private static void assertServed(String id) {
        story.client.send(Client.greedy(id, "The old house", 2).setIgnoreEos(true).build());
        story.client.awaitTerminal(new TreeSet<>(List.of(id)));
        assertThat(story.client.tokens(id)).hasSize(2);
    }
}
