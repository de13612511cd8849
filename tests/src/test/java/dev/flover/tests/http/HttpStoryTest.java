package dev.flover.tests.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.http.Bridge;
import dev.flover.http.BridgeConfig;
import dev.flover.http.topics.TopicAccess.TopicsOfBridge;
import dev.flover.http.topics.TopicAccess;
import dev.flover.tests.clients.ExternalProgram;
import dev.flover.tests.http.Web.Event;
import dev.flover.tests.security.FloverProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A pipeline with a bridge in one process (`up --embedded --http`), and further bridges to its topics.
class HttpStoryTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String COMPLETIONS = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";
    private static final String NIGHT = "{\"prompt\": \"It was a dark night\", \"max_tokens\": 40, "
            + "\"temperature\": 0.7, \"seed\": 3, \"ignore_eos\": true";
    /// The spelling of the model's token 0.
    private static final String SPECIAL = "<|endoftext|>";
    /// The file of allowed tokens: the digests of `acme-token` and `other-token`, as sha256sum prints them, with their
    /// limits.
    private static final String TOKENS = """
            %s tenant=acme priority=5 models=chatty
            %s tenant=other
            """;

    @TempDir
    private static Path folder;

    private static FloverProcess up;
    private static String broker;
    private static Web web;

    @BeforeAll
    static void start() throws Exception {
        var model = ChattyModel.write(folder);
        up = FloverProcess.start(folder, Map.of(), "up", "--embedded", "--metrics-port", "0", "--http", "0", "--output",
                "json", "--partitions", "2", "--model", model.toString(), "--data", folder.resolve("data").toString());
        up.awaitLine("ready");
        broker = word(up.awaitLine("kafka"));
        web = new Web(word(up.awaitLine("http")).replace("/v1", ""));
    }

    private static String word(String line) {
        return line.split("\\s+")[1];
    }

    @AfterAll
    static void stop() {
        if (up != null) {
            up.close();
        }
    }

    private static BridgeConfig config() {
        var servers = Map.of("bootstrap.servers", broker);
        return BridgeConfig.of("127.0.0.1", 0, new TopicAccess(
                new TopicsOfBridge("generation-requests", "generation-tokens", "generation-results",
                        "generation-models"), servers, servers,
                Map.of("schema.registry.url", "http://127.0.0.1:9")));       // nothing there: JSON needs no registry
    }

    /// Starts a bridge and returns it when it is ready.
    private static Bridge bridge(BridgeConfig config) throws Exception {
        var bridge = Bridge.start(config, null);
        var other = new Web(bridge.url());
        var deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (other.get("/readyz").status() != 200) {
            assertThat(System.nanoTime()).as(other.get("/readyz").body().asText()).isLessThan(deadline);
        }
        return bridge;
    }

    @Test
    void modelsAndHealthAreToldToWhoeverAsks() throws Exception {
        assertThat(web.get("/livez").status()).isEqualTo(200);
        assertThat(web.get("/readyz").body().asText()).contains("chatty");
        assertThat(web.get("/v1/models").body().at("/data/0/id").asText()).isEqualTo("chatty");
        assertThat(web.get("/v1/models/chatty").body().at("/object").asText()).isEqualTo("model");
        assertThat(web.get("/v1/models/none").status()).isEqualTo(404);
    }

    @Test
    void aStreamSaysWhatTheWholeAnswerSays() throws Exception {
        var whole = web.post(COMPLETIONS, NIGHT + "}");
        var events = web.stream(COMPLETIONS, NIGHT
                + ", \"stream\": true, \"stream_options\": {\"include_usage\": true}}");

        assertThat(whole.status()).as(whole.body().toString()).isEqualTo(200);
        assertThat(whole.text()).isNotBlank().isEqualTo(Web.text(events));
        assertThat(whole.body().at("/usage/completion_tokens").asInt()).isEqualTo(40);
        assertThat(whole.body().at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(whole.headers().firstValue("Flover-Generation")).contains(whole.body().at("/id").asText());
        assertThat(events.getLast().data()).isNull();
        var usage = events.get(events.size() - 2).data();
        assertThat(usage.at("/usage")).isEqualTo(whole.body().at("/usage"));
        assertThat(events.get(events.size() - 3).data().at("/choices/0/finish_reason").asText()).isEqualTo("length");
    }

    /// The tokenizer puts one token before a text, and none before token ids. `parse-special` is `nothing` here.
    @Test
    void promptsHaveTheTokensOfTheTokenizerAndNoneThatAClientSpells() throws Exception {
        assertThat(promptTokens(web, COMPLETIONS, "\"prompt\": [551, 651, 798]")).isEqualTo(3);
        assertThat(promptTokens(web, COMPLETIONS, "\"prompt\": \"The old house\"")).isEqualTo(4);
        int letters = promptTokens(web, COMPLETIONS, "\"prompt\": \"The old house" + SPECIAL + "\"");
        assertThat(letters).isGreaterThan(5);
        assertThat(promptTokens(web, CHAT, message(SPECIAL))).isGreaterThan(promptTokens(web, CHAT, message("")) + 1);
    }

    @Test
    @Tag("long")
    void anOperatorMayLetMessagesSpellSpecialTokens(@TempDir Path other) throws Exception {
        var model = ChattyModel.write(other);
        try (var allowing = FloverProcess.start(other, Map.of(), "up", "--embedded", "--metrics-port", "0", "--http",
                "0", "--output", "json", "--model", model.toString(), "--data", other.resolve("data").toString(),
                "--parse-special", "messages")) {
            allowing.awaitLine("ready");
            var there = new Web(word(allowing.awaitLine("http")).replace("/v1", ""));
            assertThat(promptTokens(there, CHAT, message(SPECIAL))).as("one token")
                    .isEqualTo(promptTokens(there, CHAT, message("")) + 1);
            String prompt = "\"prompt\": \"The old house" + SPECIAL + "\"";
            assertThat(promptTokens(there, COMPLETIONS, prompt)).as("a prompt is text all the same")
                    .isEqualTo(promptTokens(web, COMPLETIONS, prompt));
        }
    }

    private static String message(String content) {
        return "\"messages\": [{\"role\": \"user\", \"content\": \"Hello" + content + "\"}]";
    }

    /// The number of a prompt's tokens, which a whole answer and a stream must tell alike.
    private static int promptTokens(Web web, String path, String prompt) throws Exception {
        String body = "{" + prompt + ", \"max_tokens\": 2";
        var whole = web.post(path, body + "}");
        assertThat(whole.status()).as(whole.body().toString()).isEqualTo(200);
        var events = web.stream(path, body + ", \"stream\": true, \"stream_options\": {\"include_usage\": true}}");
        var usage = events.get(events.size() - 2).data().at("/usage/prompt_tokens");
        assertThat(usage).isEqualTo(whole.body().at("/usage/prompt_tokens"));
        return usage.asInt();
    }

    @Test
    void aChatIsAnsweredByTheModelsTemplate() throws Exception {
        String body = "{\"model\": \"chatty\", \"messages\": [{\"role\": \"user\", \"content\": \"Who is there?\"}], "
                + "\"max_completion_tokens\": 12, \"temperature\": 0, \"logprobs\": true, \"top_logprobs\": 2";
        var whole = web.post(CHAT, body + "}");
        var events = web.stream(CHAT, body + ", \"stream\": true}");

        assertThat(whole.status()).as(whole.body().toString()).isEqualTo(200);
        assertThat(whole.body().at("/choices/0/message/role").asText()).isEqualTo("assistant");
        assertThat(whole.body().at("/choices/0/message/content").asText()).isEqualTo(Web.text(events));
        var tokens = whole.body().at("/choices/0/logprobs/content");
        assertThat(tokens).hasSize(whole.body().at("/usage/completion_tokens").asInt());
        assertThat(tokens.at("/0/top_logprobs")).hasSize(2);
        assertThat(tokens.at("/0/token").asText()).isEqualTo(tokens.at("/0/top_logprobs/0/token").asText());
        assertThat(events.getFirst().data().at("/choices/0/delta/role").asText()).isEqualTo("assistant");
    }

    @Test
    void theTraceOfTheRequestIsOnTheRecordsOfItsAnswer() throws Exception {
        String parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        var answer = web.post(COMPLETIONS, NIGHT + "}", "traceparent", parent, "tracestate", "a=1",
                "tracestate", "b=2");
        String id = answer.body().at("/id").asText();
        var headers = new HashSet<String>();
        try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", broker, "isolation.level",
                "read_committed"), new StringDeserializer(), new ByteArrayDeserializer())) {
            var tokens = consumer.partitionsFor("generation-tokens").stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition())).toList();
            consumer.assign(tokens);
            consumer.seekToBeginning(tokens);
            var ends = consumer.endOffsets(tokens);
            while (tokens.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                for (var record : consumer.poll(Duration.ofMillis(100))) {
                    if (id.equals(record.key())) {
                        record.headers().forEach(header ->
                                headers.add(header.key() + " " + new String(header.value(), UTF_8)));
                    }
                }
            }
        }
        assertThat(headers).containsExactlyInAnyOrder("traceparent " + parent, "tracestate a=1,b=2");
    }

    @Test
    void severalPromptsAndAnswersComeTogether() throws Exception {
        String body = "{\"prompt\": [\"The old house\", \"My dear friend\"], \"n\": 2, \"max_tokens\": 8, \"seed\": 1, "
                + "\"ignore_eos\": true, \"temperature\": 0.9";
        var whole = web.post(COMPLETIONS, body + "}").body();
        var events = web.stream(COMPLETIONS, body + ", \"stream\": true}");

        assertThat(whole.at("/choices")).hasSize(4);
        assertThat(whole.at("/usage/completion_tokens").asInt()).isEqualTo(32);
        for (int index = 0; index < 4; index++) {
            int wanted = index;
            var text = Web.text(events.stream().filter(event -> event.data() != null
                    && event.data().at("/choices/0/index").asInt() == wanted).toList());
            assertThat(text).isNotBlank().isEqualTo(whole.at("/choices/" + index + "/text").asText());
        }
    }

    @Test
    void aStreamGoesOnBehindAnyEventOnAnyBridge() throws Exception {
        var all = web.stream(COMPLETIONS, NIGHT + ", \"stream\": true}");
        String id = all.getFirst().data().at("/id").asText();
        String path = "/v1/generations/" + id + "/stream";
        try (var other = bridge(config())) {
            var elsewhere = new Web(other.url());
            for (int i = 0; i < all.size() - 1; i++) {
                var rest = elsewhere.goOn(path, "Last-Event-ID", all.get(i).id());
                assertThat(ids(rest)).isEqualTo(ids(all.subList(i + 1, all.size())));
                assertThat(Web.text(rest)).isEqualTo(Web.text(all.subList(i + 1, all.size())));
            }
            assertThat(ids(elsewhere.goOn(path))).isEqualTo(ids(all));
            assertThat(Web.text(elsewhere.goOn(path + "?from=40"))).isEmpty();
            assertThat(elsewhere.get(path.replace("cmpl", "cmpn")).status()).isEqualTo(404);
            assertThat(elsewhere.get("/v1/generations/nobody/stream").status()).isEqualTo(404);
            assertThat(elsewhere.get("/v1/generations/nobody/stream", "Last-Event-ID", all.getFirst().id()).status())
                    .as("an event of another generation").isEqualTo(404);
            assertThat(elsewhere.get(path, "Last-Event-ID", "12").status()).isEqualTo(400);
        }
    }

    private static List<String> ids(List<Event> events) {
        return events.stream().map(event -> String.valueOf(event.id())).toList();
    }

    @Test
    void aClientThatWentAwayFindsItsAnswer() throws Exception {
        var request = web.request(COMPLETIONS).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(NIGHT + ", \"stream\": true}")).build();
        var seen = web.events(request, event -> true);
        String id = seen.getFirst().data().at("/id").asText();

        var rest = web.goOn("/v1/generations/" + id + "/stream", "Last-Event-ID", seen.getFirst().id());

        assertThat(seen.getFirst().text() + Web.text(rest)).isEqualTo(web.post(COMPLETIONS, NIGHT + "}").text());
    }

    @Test
    void aKeyStandsForOneRequest() throws Exception {
        String[] key = {"Idempotency-Key", "key-1"};
        var first = web.post(COMPLETIONS, NIGHT + "}", key);
        var again = web.post(COMPLETIONS, NIGHT + "}", key);
        var streamed = web.stream(COMPLETIONS, NIGHT + ", \"stream\": true}", key);
        var other = web.post(COMPLETIONS, "{\"prompt\": \"Another\", \"max_tokens\": 3}", key);

        assertThat(first.body().at("/id").asText()).isEqualTo("key-1");
        assertThat(again.text()).isEqualTo(first.text()).isEqualTo(Web.text(streamed));
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.error()).contains("different request");
        assertThat(Web.text(web.goOn("/v1/generations/key-1/stream?as=completion"))).isEqualTo(first.text());
        assertThat(web.post(COMPLETIONS, NIGHT + "}", "Idempotency-Key", "not a key").status()).isEqualTo(400);
    }

    /// The pipeline is stopped while the requests are written, so that none of them ends before the next is written.
    @Test
    void whatComesWhileARequestWaitsAttachesToItOrCancelsIt() throws Exception {
        try (var bridge = bridge(config()); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var other = new Web(bridge.url());
            String[] key = {"Idempotency-Key", "waiting"};
            signal("STOP");
            try {
                var first = threads.submit(() -> other.post(COMPLETIONS, NIGHT + "}", key));
                var second = threads.submit(() -> other.post(COMPLETIONS, NIGHT + "}", key));
                var refused = threads.submit(() -> other.post(COMPLETIONS, NIGHT + ", \"top_k\": 3}", key));
                var cancelled = threads.submit(() -> other.post(COMPLETIONS, NIGHT + "}", "Idempotency-Key", "never"));
                while (other.post("/v1/generations/never/cancel", "{}").status() != 202) {
                    Thread.onSpinWait();        // until its request is written
                }
                signal("CONT");
                assertThat(cancelled.get().body().at("/choices/0/finish_reason").asText()).isEqualTo("cancelled");
                var outcomes = new HashSet<>(List.of(
                        first.get().status(), second.get().status(), refused.get().status()));
                assertThat(outcomes).containsExactlyInAnyOrder(200, 422);
                if (first.get().status() == 200 && second.get().status() == 200) {
                    assertThat(first.get().text()).isNotBlank().isEqualTo(second.get().text());
                }
            } finally {
                signal("CONT");
            }
            assertThat(other.post("/v1/generations/nobody/cancel", "{}").status()).isEqualTo(404);
        }
    }

    /// Sends a signal to the process of the pipeline and its bridge; the broker is another process.
    private static void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(up.pid())).start().waitFor()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /v1/completions | {"prompt": "x", "temperature": -1}      | 400 | temperature | must be in [0, 10]
            /v1/completions | {"prompt": "x", "model": "gpt"}         | 404 |             | served are chatty
            /v1/completions | {"prompt": "x", "bestof": 1}            | 400 | bestof      | the nearest is
            /v1/completions | {"prompt": "x"                          | 400 |             | Unexpected end-of-input
            /tokenize       | {"prompt": 5}                           | 400 | prompt      | must be a text
            /detokenize     | {"tokens": [99999999]}                  | 400 | tokens      | token ids must be in [0,
            /v1/nothing     | {}                                      | 404 |             | nothing at /v1/nothing
            /v1/models      | {}                                      | 405 |             | takes GET, was POST
            """)
    void whatIsWrongIsSaidAsOpenAiDoes(String path, String body, int status, String param, String words)
            throws Exception {
        var answer = web.post(path, body);

        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        assertThat(answer.error()).contains(words);
        assertThat(answer.body().at("/error/param").asText(null)).isEqualTo(param);
        assertThat(answer.body().at("/error/type").asText()).isNotBlank();
    }

    @Test
    void textAndTokensAreTurnedIntoEachOther() throws Exception {
        var tokens = web.post("/tokenize", "{\"prompt\": \"The old house\"}").body();

        assertThat(tokens.at("/count").asInt()).isEqualTo(tokens.at("/tokens").size()).isPositive();
        assertThat(web.post("/detokenize", "{\"tokens\": " + tokens.at("/tokens") + "}").body().at("/prompt").asText())
                .isEqualTo("The old house");
    }

    @Test
    void openAisClientForNodeDoesNotNoticeThatThisIsNoOpenAi() throws Exception {
        var client = ExternalProgram.node("openai.mjs", "openai");

        var got = JSON.readTree(client.run("", word(up.awaitLine("http"))).getFirst());

        assertThat(got.at("/models/0").asText()).isEqualTo("chatty");
        assertThat(got.at("/completion").asText()).isNotBlank().isEqualTo(got.at("/completionStreamed").asText());
        assertThat(got.at("/chat")).hasSize(2);
        assertThat(got.at("/chat/0").asText()).isEqualTo(got.at("/chatStreamed").asText());
        assertThat(got.at("/chatLogprobs").asInt()).isBetween(1, 12);
        assertThat(got.at("/chatTokens").asInt()).isBetween(2, 24);
        assertThat(got.at("/chatStreamedRole").asText()).isEqualTo("assistant");
        assertThat(got.at("/chatStreamedUsage").asInt()).isEqualTo(got.at("/chatLogprobs").asInt());
        assertThat(got.at("/badParameter").asText()).isEqualTo("BadRequestError 400 temprature");
        assertThat(got.at("/badModel").asText()).isEqualTo("NotFoundError 404 null");
        assertThat(got.at("/badValue").asText()).isEqualTo("BadRequestError 400 top_p");
        assertThat(got.at("/eventsBeforeAbort").asInt()).isEqualTo(1);
        assertThat(got.at("/sameUnderAKey").asBoolean()).isTrue();
        assertThat(got.at("/sentUntilAnswered").asInt()).isEqualTo(2);
        assertThat(got.at("/retried").asText()).isEqualTo(got.at("/completion").asText());
    }

    @Test
    void vercelsAiSdkDoesNotNoticeEither() throws Exception {
        var got = JSON.readTree(ExternalProgram.node("ai.mjs", "ai").run("", word(up.awaitLine("http"))).getFirst());

        assertThat(got.at("/chat").asText()).isNotBlank().isEqualTo(got.at("/chatStreamed").asText());
        assertThat(got.at("/chatTokens").asInt()).isBetween(1, 12).isEqualTo(got.at("/chatStreamedTokens").asInt());
        assertThat(got.at("/chatStreamedFinish").asText()).isIn("length", "stop");
        assertThat(got.at("/completion").asText()).isNotBlank();
        assertThat(got.at("/badModel").asText()).isEqualTo("AI_APICallError 404 model_not_found");
    }

    @Test
    void langChainForNodeDoesNotNoticeEither() throws Exception {
        var client = ExternalProgram.node("langchain.mjs", "@langchain/openai");

        var got = JSON.readTree(client.run("", word(up.awaitLine("http"))).getFirst());

        assertThat(got.at("/chat").asText()).isNotBlank().isEqualTo(got.at("/chatStreamed").asText());
        assertThat(got.at("/chatTokens").asInt()).isBetween(1, 12).isEqualTo(got.at("/chatStreamedTokens").asInt());
        assertThat(got.at("/completion").asText()).isNotBlank();
        assertThat(got.at("/badModel").asText()).isEqualTo("404 model_not_found");
    }

    @Test
    void theDurableStreamsClientReadsAGenerationInEveryMode() throws Exception {
        var client = ExternalProgram.node("durable.mjs", "@durable-streams/client");
        var request = web.request(COMPLETIONS).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(NIGHT + ", \"stream\": true}")).build();
        String id = web.events(request, event -> true).getFirst().data().at("/id").asText();
        String text = web.post(COMPLETIONS, NIGHT + "}").text();

        var got = JSON.readTree(client.run("", word(up.awaitLine("http")) + "/generations/" + id).getFirst());

        for (var mode : List.of("polled", "pushed", "caughtUp", "text")) {
            assertThat(got.at("/" + mode).asText()).as(mode).isEqualTo(text).isNotBlank();
        }
        assertThat(got.at("/terminal").asInt()).isEqualTo(1);
        assertThat(got.at("/type").asText()).isEqualTo("application/json");
        assertThat(got.at("/closed").asBoolean()).isTrue();
        assertThat(got.at("/endsAtHead").asBoolean()).isTrue();
        assertThat(got.at("/resumed").asInt()).isEqualTo(got.at("/offsets").asInt()).isPositive();
        assertThat(web.post("/v1/generations/" + id, "{}").status()).as("an append").isEqualTo(405);
    }

    @Test
    void anEagerStreamEndsAsTheCommittedAnswer() throws Exception {
        String[] eager = {"Flover-Consistency", "eager"};
        var events = web.stream(COMPLETIONS, NIGHT + ", \"stream\": true}", eager);
        String id = events.getFirst().data().at("/id").asText();

        assertThat(Web.text(events)).isEqualTo(web.post(COMPLETIONS, NIGHT + "}").text()).isNotBlank();
        int position = 0;
        for (var event : events.subList(0, events.size() - 2)) {
            assertThat(event.data().at("/flover/position").asInt()).isBetween(position, 39);
            position = event.data().at("/flover/position").asInt();
            assertThat(event.data().at("/flover/committed").asInt()).isBetween(0, 40);
        }
        var end = events.get(events.size() - 2);
        assertThat(end.data().at("/choices/0/finish_reason").asText()).isEqualTo("length");
        assertThat(end.data().at("/flover/committed").asInt()).isEqualTo(40);
        assertThat(Web.text(web.goOn("/v1/generations/" + id + "/stream", "Last-Event-ID", end.id()))).isEmpty();
        assertThat(web.post(COMPLETIONS, NIGHT + "}", eager).status()).as("not a stream").isEqualTo(400);
        assertThat(web.post(COMPLETIONS, NIGHT + ", \"stream\": true}", "Flover-Consistency", "soon").status())
                .isEqualTo(400);
    }

    @Test
    void openAisClientForJavaDoesNotNoticeEither() throws Exception {
        JavaSdks.askWithOpenAisClient(word(up.awaitLine("http")));
    }

    @Test
    void langChain4jDoesNotNoticeEither() throws Exception {
        JavaSdks.askWithLangChain4j(word(up.awaitLine("http")));
    }

    @Test
    void aWebPageMayAskOnlyWhereThatIsAllowed() throws Exception {
        assertThat(web.post(COMPLETIONS, NIGHT + "}", "Origin", "https://evil.example").status()).isEqualTo(403);
        var plain = web.send(web.request(COMPLETIONS).header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString(NIGHT + "}")).build());
        assertThat(plain.status()).isEqualTo(415);
        try (var bridge = bridge(config().with(new BridgeConfig.Access(Optional.empty(), Set.of("llm.example"),
                Set.of("https://chat.example"))))) {
            var other = new Web(bridge.url());
            var allowed = other.get("/v1/models", "Origin", "https://chat.example");
            assertThat(allowed.headers().firstValue("Access-Control-Allow-Origin")).contains("https://chat.example");
            String models = "GET /v1/models HTTP/1.1\r\nHost: %s\r\n\r\n";
            assertThat(status(bridge.port(), models.formatted("rebound.example"))).isEqualTo(403);
            assertThat(status(bridge.port(), models.formatted("llm.example"))).isEqualTo(200);
        }
    }

    private static int status(int port, String request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            var line = new String(socket.getInputStream().readNBytes(12), UTF_8);
            return Integer.parseInt(line.substring(9));
        }
    }

    @Test
    void limitsHoldForBodiesHeadersAndWhatWaits() throws Exception {
        var limits = BridgeConfig.Limits.standard().withBodyBytes(1_000).withWaiting(0)
                .withTimes(Duration.ofMillis(300), Duration.ofMinutes(10), Duration.ofSeconds(10));
        try (var bridge = bridge(config().with(limits))) {
            var other = new Web(bridge.url());
            assertThat(other.post(COMPLETIONS, "{\"prompt\": \"" + "x".repeat(1_000) + "\"}").status()).isEqualTo(413);
            var refused = other.post(COMPLETIONS, "{\"prompt\": \"x\"}");
            assertThat(refused.status()).isEqualTo(429);
            assertThat(Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow())).isPositive();
            assertThat(status(bridge.port(), "GET /livez HTTP/1.1\r\nHost: localhost\r\n"
                    + "A: b\r\n".repeat(10_000) + "\r\n")).isEqualTo(431);
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), bridge.port())) {
                socket.setSoTimeout(60_000);
                socket.getOutputStream().write("GET /livez HTTP/1.1\r\nHost".getBytes(UTF_8));
                assertThat(socket.getInputStream().read()).as("closed, as its headers do not end").isEqualTo(-1);
            }
        }
    }

    @Test
    void aBodyThatStopsIsNotWaitedForForEver() throws Exception {
        var limits = BridgeConfig.Limits.standard()
                .withTimes(Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofSeconds(10));
        try (var bridge = bridge(config().with(limits))) {
            assertThat(status(bridge.port(), "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")).isEqualTo(408);
        }
    }

    @Test
    void aTokenSaysTenantPriorityAndModels() throws Exception {
        var file = Files.writeString(folder.resolve("tokens"), TOKENS.formatted(
                digest("acme-token"), digest("other-token")));
        try (var bridge = bridge(config().with(
                new BridgeConfig.Access(Optional.of(file), Set.of(), Set.of())))) {
            var other = new Web(bridge.url());
            String[] acme = {"Authorization", "Bearer acme-token"};
            String[] stranger = {"Authorization", "Bearer other-token"};
            String body = NIGHT + ", \"model\": \"chatty\"";

            assertThat(other.post(COMPLETIONS, body + "}").status()).isEqualTo(401);
            assertThat(other.post(COMPLETIONS, body + "}", "Authorization", "Bearer nobody").status()).isEqualTo(401);
            assertThat(other.post(COMPLETIONS, NIGHT + "}", acme).status()).as("no model").isEqualTo(400);
            assertThat(other.post(COMPLETIONS, body + ", \"priority\": 6}", acme).status()).isEqualTo(403);
            var answer = other.post(COMPLETIONS, body + "}", acme);
            assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
            String path = "/v1/generations/" + answer.body().at("/id").asText();
            assertThat(Web.text(other.goOn(path + "/stream", acme))).isEqualTo(answer.text());
            assertThat(other.get(path + "/stream", stranger).status()).isEqualTo(404);
            assertThat(other.post(path + "/cancel", "{}", stranger).status()).isEqualTo(404);
            assertThat(other.get(path + "/stream").status()).isEqualTo(401);
            for (String[] token : List.of(acme, stranger)) {
                assertThat(other.post(COMPLETIONS, body + ", \"stop\": \"" + token[1] + "\"}", token[0], token[1],
                        "Idempotency-Key", "same").status()).as("tenants have keys of their own").isEqualTo(200);
            }
        }
    }

    private static String digest(String token) throws Exception {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
    }
}
