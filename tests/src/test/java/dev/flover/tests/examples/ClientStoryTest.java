package dev.flover.tests.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.client.Flover;
import dev.flover.client.FloverConfig;
import dev.flover.client.Generation;
import dev.flover.client.GenerationException;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The client of the module `client` against a pipeline. Texts are compared with those of the results topic.
class ClientStoryTest {
    private static final int LIMIT_S = 60;

    @RegisterExtension
    static final RunningPipeline PIPELINE = new RunningPipeline();

    private static Flover flover;

    @BeforeAll
    static void connect() throws InterruptedException {
        flover = Flover.connect(PIPELINE.broker());
    }

    @AfterAll
    static void close() {
        if (flover != null) {
            flover.close();
        }
    }

    private static GenerationRequest.Builder story(int tokens) {
        return Flover.request().setPrompt("The old house").setMaxTokens(tokens).setIgnoreEos(true);
    }

    private static String read(Generation generation) {
        var text = new StringBuilder();
        generation.forEach(chunk -> text.append(chunk.getText()));
        return text.toString();
    }

    @Test
    void manyAnswersAreReadAtTheSameTimeInAllThreeWays() throws Exception {
        var futures = IntStream.range(0, 6).mapToObj(i -> flover.generate(story(20 + i)))
                .collect(Collectors.toMap(Generation::id, Generation::whole));
        var published = flover.generate(story(30));
        var subscriber = new OneByOne();
        published.publisher().subscribe(subscriber);
        var iterated = flover.generate(story(30));

        assertThat(read(iterated)).isEqualTo(PIPELINE.text(iterated.id())).isNotBlank();
        assertThat(subscriber.text.get(LIMIT_S, TimeUnit.SECONDS)).isEqualTo(PIPELINE.text(published.id()));
        for (var future : futures.entrySet()) {
            var whole = future.getValue().get(LIMIT_S, TimeUnit.SECONDS);
            assertThat(whole.id()).isEqualTo(future.getKey());
            assertThat(whole.text()).isEqualTo(PIPELINE.text(whole.id()));
            assertThat(whole.answers().getFirst().finish().getReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(whole.answers().getFirst().tokenIds()).hasSize(
                    whole.answers().getFirst().finish().getCompletionTokens());
        }
    }

    /// Asks for each chunk when it has the one before.
    private static final class OneByOne implements Flow.Subscriber<TokenChunk> {
        private final CompletableFuture<String> text = new CompletableFuture<>();
        private final StringBuilder so = new StringBuilder();
        private Flow.Subscription subscription;

        @Override
        public void onSubscribe(Flow.Subscription made) {
            subscription = made;
            made.request(1);
        }

        @Override
        public void onNext(TokenChunk chunk) {
            so.append(chunk.getText());
            subscription.request(1);
        }

        @Override
        public void onError(Throwable problem) {
            text.completeExceptionally(problem);
        }

        @Override
        public void onComplete() {
            text.complete(so.toString());
        }
    }

    @Test
    void severalAnswersToARequestAreKeptApart() throws Exception {
        var whole = flover.generate(story(10).setAnswers(3).setMetadata(Map.of("k", "v"))).whole()
                .get(LIMIT_S, TimeUnit.SECONDS);

        var result = PIPELINE.result(each -> each.get("request_id").asText().equals(whole.id()));
        assertThat(whole.answers()).hasSize(3);
        assertThat(whole.text()).isEqualTo(result.get("text").asText());
        assertThat(whole.answers().get(2).text()).isEqualTo(result.at("/other_answers/1/text").asText());
        assertThat(whole.metadata()).isEqualTo(Map.of("k", "v"));
    }

    @Test
    void afterACrashOfTheProgramAnotherOneReadsOn() throws Exception {
        var text = new StringBuilder();
        int position = 0;
        String id;
        try (var crashed = Flover.connect(PIPELINE.broker())) {
            var chunks = crashed.generate(story(60));
            id = chunks.id();
            for (var chunk : chunks) {
                text.append(chunk.getText());
                position = chunk.getPosition() + chunk.getTokenIds().size();
                if (position >= 3) {
                    break;
                }
            }
        }
        try (var other = Flover.connect(PIPELINE.broker())) {
            text.append(read(other.attach(id, position)));
        }

        assertThat(text.toString()).isEqualTo(PIPELINE.text(id));
        assertThat(flover.attach(id).whole().get(LIMIT_S, TimeUnit.SECONDS).text()).isEqualTo(text.toString());
    }

    @Test
    void theSameRequestSentAgainGetsTheSameAnswer() throws Exception {
        var request = story(40).setId("client-same").build();
        var first = flover.generate(request);
        var whileItRuns = flover.generate(request);
        String text = read(first);

        assertThat(text).isEqualTo(PIPELINE.text("client-same")).isNotBlank();
        assertThat(read(whileItRuns)).isEqualTo(text);
        assertThat(read(flover.generate(request))).isEqualTo(text);
    }

    @Test
    void aDifferentRequestUnderAUsedIdIsRefusedBeforeAnyTokenOfTheFirstIsRead() throws Exception {
        var first = flover.generate(story(60).setId("client-used").build());
        var second = flover.generate(story(60).setId("client-used").setPrompt("Somebody else").build());
        var chunks = second.iterator();

        assertThatThrownBy(chunks::hasNext).isInstanceOf(GenerationException.Refused.class)
                .hasMessageContaining("client-used");
        assertThat(read(first)).isEqualTo(PIPELINE.text("client-used"));
    }

    @Test
    void anAnswerThatDoesNotEndWellEndsWithItsException() {
        flover.cancel("client-cancelled");
        var cancelled = flover.generate(story(100).setId("client-cancelled").build());
        var expired = flover.generate(story(100).setDeadlineMs(1L));
        var rejected = flover.generate(Flover.request().setPrompt("A").setSampling(
                Sampling.newBuilder().setTopP(7f).build()));

        assertThatThrownBy(() -> read(cancelled)).isInstanceOf(GenerationException.Cancelled.class);
        assertThatThrownBy(() -> read(expired)).isInstanceOf(GenerationException.Expired.class);
        assertThatThrownBy(() -> rejected.whole().get(LIMIT_S, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class).cause().isInstanceOf(GenerationException.Rejected.class)
                .hasMessageContaining("top_p must be in (0, 1]")
                .satisfies(problem -> assertThat(((GenerationException.Rejected) problem).rejection().orElseThrow()
                        .getField()).isEqualTo("sampling.top_p"));
    }

    @Test
    void requestsMayBeInAvro() throws Exception {
        try (var registry = new CachedSchemaRegistryClient(PIPELINE.registry(), 10)) {
            registry.register("generation-requests-value", new AvroSchema(GenerationRequest.getClassSchema()));
        }
        var config = FloverConfig.of(Map.of("bootstrap.servers", PIPELINE.broker(),
                "schema.registry.url", PIPELINE.registry(), "auto.register.schemas", false,
                "use.latest.version", false)).with(FloverConfig.Format.AVRO);
        try (var avro = Flover.connect(config)) {
            var generation = avro.generate(story(10));
            assertThat(read(generation)).isEqualTo(PIPELINE.text(generation.id())).isNotBlank();
        }
    }

    @Test
    void aGenerationHasOneReader() {
        try (var generation = flover.generate(story(5))) {
            generation.iterator();
            var second = new CompletableFuture<Throwable>();
            generation.publisher().subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    subscription.request(1);
                }

                @Override
                public void onNext(TokenChunk chunk) {
                    second.completeExceptionally(new AssertionError("it is read twice"));
                }

                @Override
                public void onError(Throwable problem) {
                    second.complete(problem);
                }

                @Override
                public void onComplete() {
                    second.completeExceptionally(new AssertionError("it is read twice"));
                }
            });

            assertThat(second.join()).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(generation::whole).isInstanceOf(IllegalStateException.class)
                    .hasMessage("a generation is read once; another reader of the same answer comes from attach");
        }
    }

    @Test
    void closingTheClientEndsItsReadersAndNotTheirRequests() throws Exception {
        List<CompletableFuture<?>> readers = new ArrayList<>();
        String id;
        try (var closed = Flover.connect(PIPELINE.broker())) {
            var generation = closed.generate(story(100));
            id = generation.id();
            readers.add(generation.whole());
            readers.add(closed.attach("client-never-sent").whole());
        }

        assertThat(readers).allSatisfy(reader -> assertThat(reader).isDone());
        assertThat(flover.attach(id).whole().get(LIMIT_S, TimeUnit.SECONDS).text()).isEqualTo(PIPELINE.text(id));
    }
}
