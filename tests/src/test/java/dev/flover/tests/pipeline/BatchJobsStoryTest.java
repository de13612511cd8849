package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.batch.jobs.JobFeeder;
import dev.flover.app.connection.Connection;
import dev.flover.app.http.HttpSettings;
import dev.flover.http.Bridge;
import dev.flover.http.BridgeConfig;
import dev.flover.http.batches.Uploads;
import dev.flover.tests.clients.ExternalProgram;
import dev.flover.tests.security.FloverProcess;
import dev.flover.topology.Pipeline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Jobs that need no terminal, with a real broker and the bundled model.
class BatchJobsStoryTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @RegisterExtension
    private static final StoryServers SERVERS = new StoryServers();

    @TempDir
    private static Path shared;

    @TempDir
    Path folder;

    private static Story story;
    private static Pipeline pipeline;

    @BeforeAll
    static void start() {
        story = new Story(SERVERS.bootstrapServers(), SERVERS.registryUrl(), shared.resolve("state"), 2);
        pipeline = story.start(BundledModel.engine(story.model), new SimpleMeterRegistry());
    }

    @AfterAll
    static void stop() {
        pipeline.close();
        story.close();
    }

    private static JobFeeder feeder() {
        return JobFeeder.start(Connection.of(story.bootstrapServers, story.registryUrl), story.config.topics());
    }

    private Path file(int from, int count, int tokens) throws IOException {
        var lines = new ArrayList<String>();
        for (int i = from; i < from + count; i++) {
            lines.add(i == from + 1 ? "nonsense" : ("{\"id\": \"line-%d\", \"prompt\": \"%s\", \"ignore_eos\": true, "
                    + "\"max_tokens\": %d}").formatted(i, Story.OPENINGS.get(i % 8), tokens));
        }
        return Files.writeString(folder.resolve("in-" + from + ".jsonl"), String.join("\n", lines));
    }

    private static SaidByCommand say(String command, String... arguments) {
        var said = SaidByCommand.of(story, command, arguments);
        assertThat(said.code()).as(command + ": " + said.err()).isZero();
        return said;
    }

    private static JsonNode status(String job) {
        try {
            return MAPPER.readTree(say("batch status", job, "--json").out());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitState(String job, String state) {
        story.client.await(state, () -> status(job).get("state").textValue().equals(state));
    }

    @Test
    void aJobIsAnsweredWithoutATerminalAndByTheFeederThatFollowsAnother() throws IOException {
        var file = file(0, 60, 8);
        String job = say("batch submit", file.toString()).out().strip();
        assertThat(say("batch submit", file.toString()).out().strip()).as("a second submission").isEqualTo(job);
        assertThat(status(job).get("answered").asInt()).isZero();
        try (var _ = feeder()) {
            story.client.await("answers", () -> status(job).get("answered").asInt() > 0);
        }
        try (var _ = feeder()) {
            awaitState(job, "done");
        }
        assertThat(status(job).get("answered").asInt()).isEqualTo(59);
        assertThat(status(job).get("failed").asInt()).isEqualTo(1);
        assertThat(say("batch list").out()).contains(job + "  done");

        var out = folder.resolve("out.jsonl");
        var summary = MAPPER.readTree(say("batch follow", job, "--out", out.toString(), "--json").out());
        assertThat(summary.get("answered").asInt()).isEqualTo(59);
        assertThat(Files.readAllLines(out)).hasSize(59);
        assertThat(Files.readAllLines(folder.resolve("out.jsonl.errors"))).singleElement().asString()
                .contains("\"line\":2");
        var direct = folder.resolve("direct.jsonl");
        say("batch", file.toString(), "--out", direct.toString());
        assertThat(Files.readAllLines(direct)).as("the same job from its file: the stored answers")
                .containsExactlyInAnyOrderElementsOf(Files.readAllLines(out));
    }

    @Test
    void aJobIsPausedResumedAndCancelledByOneRecordEach() throws IOException {
        String job = say("batch submit", file(1_000, 3_000, 600).toString()).out().strip();
        say("batch pause", job);
        try (var _ = feeder()) {
            String other = say("batch submit", file(9_000, 3, 4).toString()).out().strip();
            awaitState(other, "done");
            assertThat(status(job).get("state").textValue()).isEqualTo("paused");
            assertThat(status(job).get("live").asInt() + status(job).get("answered").asInt()).isZero();
            assertThat(SaidByCommand.of(story, "batch remove", job).err()).contains("is paused");
            say("batch resume", job);
            story.client.await("lines under way", () -> status(job).get("live").asInt() > 0);
            say("batch cancel", job);
            awaitState(job, "cancelled");
        }
        assertThat(status(job).get("live").asInt()).isZero();
        assertThat(SaidByCommand.of(story, "batch resume", job).err()).contains("is cancelled");
        assertThat(SaidByCommand.of(story, "batch status", "none").err()).contains("there is no job none");
        var out = folder.resolve("out.jsonl");
        assertThat(say("batch follow", job, "--out", out.toString()).err()).contains("cancelled by order");
        int answered = status(job).get("answered").asInt();
        assertThat(Files.readAllLines(out)).hasSize(answered);

        assertThat(say("batch remove", job).out()).startsWith("removed " + job);
        assertThat(SaidByCommand.of(story, "batch status", job).err()).contains("there is no job");
        assertThat(say("batch remove", "--older-than", "1d").out()).isEmpty();
    }

    private static Bridge bridge(Optional<Path> tokens, long quota) throws InterruptedException {
        var access = HttpSettings.access(Connection.of(story.bootstrapServers, story.registryUrl),
                story.config.topics());
        var bridge = Bridge.start(BridgeConfig.of("127.0.0.1", 0, access)
                .with(new BridgeConfig.Access(tokens, Set.of(), Set.of()))
                .with(new Uploads(quota, Duration.ofDays(1))), null);
        var ready = BridgeCalls.of(bridge.url(), "none");
        story.client.await("the bridge", () -> ready.get("/readyz").text("").contains("novelist"));
        return bridge;
    }

    private static Map<String, JsonNode> byCustomId(String lines) throws IOException {
        var byId = new TreeMap<String, JsonNode>();
        for (String line : lines.lines().toList()) {
            var object = MAPPER.readTree(line);
            byId.put(object.get("custom_id").asText(), object);
        }
        return byId;
    }

    @Test
    void openAisClientForNodeGetsFromABatchWhatTheCommandWrites() throws Exception {
        var client = ExternalProgram.node("batches.mjs", "openai");
        String form = "{\"custom_id\": \"%s\", \"method\": \"POST\", \"url\": \"%s\", \"body\": {%s}}";
        String completions = "/v1/completions";
        var file = Files.writeString(folder.resolve("in.jsonl"), String.join("\n",
                form.formatted("a", completions, "\"prompt\": \"The old house\", \"max_tokens\": 12, \"seed\": 3"),
                form.formatted("b", completions, "\"model\": \"novelist\", \"prompt\": \"It was a dark night\", "
                        + "\"max_tokens\": 9, \"temperature\": 0, \"n\": 2"),
                form.formatted("c", completions, "\"prompt\": \"x\", \"max_tokens\": 9000000"),
                form.formatted("d", completions, "\"prompt\": \"x\", \"top_p\": 7"),
                "nonsense", form.formatted("e", "/v1/chat/completions", "\"messages\": [{\"role\": \"user\", "
                        + "\"content\": \"x\"}]")) + "\n");
        JsonNode got;
        try (var bridge = bridge(Optional.empty(), 1 << 20); var _ = feeder()) {
            got = MAPPER.readTree(client.run("", bridge.url() + "/v1", file.toString()).getFirst());
        }
        var out = folder.resolve("out.jsonl");
        say("batch", file.toString(), "--out", out.toString());

        assertThat(got.at("/file/bytes").asLong()).isEqualTo(Files.size(file));
        assertThat(got.at("/file/status").asText()).isEqualTo("processed");
        assertThat(got.at("/content").asBoolean()).isTrue();
        assertThat(got.at("/created/status").asText()).isIn("in_progress", "completed");
        assertThat(got.at("/created/output_file_id").isNull() || got.at("/created/completed_at").isNumber()).isTrue();
        assertThat(got.at("/again").asBoolean()).as("the same batch under its key").isTrue();
        assertThat(got.at("/batch/status").asText()).isEqualTo("completed");
        assertThat(got.at("/batch/request_counts")).isEqualTo(MAPPER.readTree(
                "{\"total\": 6, \"completed\": 2, \"failed\": 4}"));
        assertThat(got.at("/batch/metadata/team").asText()).isEqualTo("tales");
        var answers = byCustomId(got.at("/output").asText());
        var written = byCustomId(Files.readString(out));
        assertThat(answers.keySet()).isEqualTo(written.keySet()).containsExactly("a", "b");
        for (String id : answers.keySet()) {
            for (String field : List.of("/response/body/choices", "/response/body/usage", "/response/body/model",
                    "/response/status_code", "/error")) {
                assertThat(answers.get(id).at(field)).as(id + field).isEqualTo(written.get(id).at(field));
            }
            assertThat(answers.get(id).at("/response/body/model").asText()).isEqualTo("novelist");
        }
        assertThat(got.at("/outputAgain").asBoolean()).isTrue();
        assertThat(got.at("/outputFile/bytes").asLong()).isEqualTo(got.at("/output").asText().length());
        assertThat(got.at("/errorFile/bytes").asLong()).isEqualTo(got.at("/errors").asText().length());
        assertThat(got.at("/errors").asText().lines().map(line -> line.replaceFirst(".*\"code\":\"(\\w+)\".*", "$1")))
                .containsExactlyInAnyOrder("invalid_request", "invalid_request", "invalid_json_line",
                        "mismatched_url");
        assertThat(got.at("/longExpires").asInt()).isEqualTo(3_600);
        assertThat(got.at("/cancelling").asText()).isIn("cancelling", "cancelled");
        assertThat(got.at("/cancelled").asText()).isEqualTo("cancelled");
        assertThat(got.at("/cancelEnded").asText()).isEqualTo("ConflictError 409 null");
        assertThat(got.at("/failed/status").asText()).isEqualTo("failed");
        assertThat(got.at("/failed/errors/data/0/line").asInt()).isEqualTo(1);
        assertThat(got.at("/allBatches")).isEqualTo(got.at("/expectedBatches")).hasSize(3);
        assertThat(got.at("/firstPage")).hasSize(2);
        assertThat(got.at("/inputs")).isEqualTo(MAPPER.readTree("[\"bad.jsonl\", \"long.jsonl\", \"in.jsonl\"]"));
        assertThat(got.at("/deleted").asBoolean()).isTrue();
        assertThat(got.at("/gone").asText()).isEqualTo("NotFoundError 404 null");
        assertThat(got.at("/errorsGone").isNull()).isTrue();
        assertThat(got.at("/badPurpose").asText()).isEqualTo("BadRequestError 400 purpose");
        assertThat(got.at("/badEndpoint").asText()).isEqualTo("BadRequestError 400 endpoint");
        assertThat(got.at("/badFile").asText()).isEqualTo("BadRequestError 400 input_file_id");
        assertThat(got.at("/badWindow").asText()).isEqualTo("BadRequestError 400 completion_window");
    }

    @Test
    void filesAndBatchesBelongToTheirTenantAndAnyBridgeServesThem() throws Exception {
        var tokens = Files.writeString(folder.resolve("tokens"), digest("acme") + " tenant=acme models=novelist\n"
                + digest("other") + " tenant=other\n");
        String lines = ("{\"custom_id\": \"a\", \"method\": \"POST\", \"url\": \"/v1/completions\", \"body\": "
                + "{\"model\": \"novelist\", \"prompt\": \"The old house\", \"max_tokens\": 5}}\n")
                + "{\"custom_id\": \"b\", \"method\": \"POST\", \"url\": \"/v1/completions\", \"body\": "
                + "{\"prompt\": \"The old house\", \"max_tokens\": 5}}\n";
        String id;
        String batch;
        try (var first = bridge(Optional.of(tokens), 2L * lines.length())) {
            var acme = BridgeCalls.of(first.url(), "acme");
            id = acme.upload(lines).text("/id");
            assertThat(acme.upload(lines).status()).isEqualTo(200);
            assertThat(acme.upload(lines).text("/error/code")).isEqualTo("quota_exceeded");
            batch = acme.create(id).text("/id");
            assertThat(BridgeCalls.of(first.url(), "nobody").get("/v1/files").status()).isEqualTo(401);
        }
        try (var second = bridge(Optional.of(tokens), 1 << 20); var _ = feeder()) {
            var acme = BridgeCalls.of(second.url(), "acme");
            var other = BridgeCalls.of(second.url(), "other");
            for (String path : List.of("/v1/files/" + id, "/v1/files/" + id + "/content", "/v1/batches/" + batch)) {
                assertThat(other.get(path).status()).as(path).isEqualTo(404);
                assertThat(acme.get(path).status()).as(path).isEqualTo(200);
            }
            assertThat(other.create(id).status()).isEqualTo(400);
            assertThat(other.delete("/v1/files/" + id).status()).isEqualTo(404);
            assertThat(other.get("/v1/batches").body().at("/data")).isEmpty();
            story.client.await("the batch",
                    () -> acme.get("/v1/batches/" + batch).text("/status").equals("completed"));
            var ended = acme.get("/v1/batches/" + batch).body();
            String output = "/v1/files/" + ended.get("output_file_id").textValue();
            assertThat(acme.get(output + "/content").body().asText()).contains("\"custom_id\":\"a\"");
            assertThat(other.get(output + "/content").status()).isEqualTo(404);
            assertThat(acme.get("/v1/files/" + ended.get("error_file_id").textValue() + "/content").body().asText())
                    .as("the token is for one model, which line b does not name").contains("model_not_found");
        }
    }

    private static String lines(int count) {
        return IntStream.range(0, count).mapToObj(i -> ("{\"custom_id\": \"l%d\", \"method\": \"POST\", \"url\": "
                + "\"/v1/completions\", \"body\": {\"prompt\": \"%s\", \"max_tokens\": 12, \"temperature\": 0}}")
                .formatted(i, Story.OPENINGS.get(i % 8))).collect(Collectors.joining("\n"));
    }

    @Test
    void aBatchGoesOnWhenItsBridgeIsKilledAndAnotherBridgeServesIt() throws Exception {
        int count = 400;
        String lines = lines(count);
        String batch;
        try (var first = FloverProcess.start(folder, Map.of(), SaidByCommand.arguments(story, "serve", "--http", "0"));
                var _ = feeder()) {
            var calls = BridgeCalls.of(first.awaitLine("http").split("\\s+")[1].replaceFirst("/v1$", ""), "none");
            story.client.await("the bridge", () -> calls.get("/readyz").text("").contains("novelist"));
            batch = calls.create(calls.upload(lines).text("/id")).text("/id");
            story.client.await("answers", () -> calls.get("/v1/batches/" + batch).body()
                    .at("/request_counts/completed").asInt() > 0);
        }       // kills the process of the bridge
        try (var second = bridge(Optional.empty(), 1 << 20); var _ = feeder()) {
            var calls = BridgeCalls.of(second.url(), "none");
            story.client.await("the batch",
                    () -> calls.get("/v1/batches/" + batch).text("/status").equals("completed"));
            var ended = calls.get("/v1/batches/" + batch).body();
            assertThat(ended.at("/request_counts")).isEqualTo(MAPPER.readTree(
                    "{\"total\": %d, \"completed\": %d, \"failed\": 0}".formatted(count, count)));
            var out = folder.resolve("out.jsonl");
            say("batch", Files.writeString(folder.resolve("in.jsonl"), lines).toString(), "--out", out.toString());
            String output = calls.get("/v1/files/" + ended.get("output_file_id").textValue() + "/content").text("");
            assertThat(texts(output)).isEqualTo(texts(Files.readString(out))).hasSize(count);
            assertThat(output.lines()).as("no line comes twice").hasSize(count);
        }
    }

    private static Map<String, String> texts(String lines) throws IOException {
        var texts = new TreeMap<String, String>();
        byCustomId(lines).forEach((id, line) -> texts.put(id, line.at("/response/body/choices").toString()));
        return texts;
    }

    @Test
    void aBatchWhoseCompletionWindowHasPassedIsExpiredAndItsAnswersStay() throws Exception {
        try (var bridge = bridge(Optional.empty(), 1 << 20)) {
            var calls = BridgeCalls.of(bridge.url(), "none");
            String batch = calls.create(calls.upload(lines(2_000)).text("/id")).text("/id");
            try (var _ = feeder()) {
                story.client.await("answers", () -> calls.get("/v1/batches/" + batch).body()
                        .at("/request_counts/completed").asInt() > 0);
            }
            try (var _ = JobFeeder.start(Connection.of(story.bootstrapServers, story.registryUrl),
                    story.config.topics(), () -> System.currentTimeMillis() + Duration.ofHours(25).toMillis())) {
                story.client.await("the end",
                        () -> calls.get("/v1/batches/" + batch).text("/status").equals("expired"));
            }
            var ended = calls.get("/v1/batches/" + batch).body();
            assertThat(ended.get("expired_at").isNumber()).isTrue();
            assertThat(ended.get("completed_at").isNull()).isTrue();
            int answered = ended.at("/request_counts/completed").asInt();
            assertThat(answered).isPositive().isLessThan(2_000);
            String output = "/v1/files/" + ended.get("output_file_id").textValue() + "/content";
            assertThat(calls.get(output).text("").lines()).hasSize(answered);
        }
    }

    private static String digest(String token) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    }
}
