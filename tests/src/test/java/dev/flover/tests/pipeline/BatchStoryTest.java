package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Main;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.tests.security.FloverProcess;
import dev.flover.topology.Pipeline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// The command `batch`, with a real broker and the bundled model.
class BatchStoryTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int TOKENS = 8;
    /// The size in KiB beyond which a process on a "full disk" cannot write a file.
    private static final int FILE_KIB = 64;

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

    private static String own(int number) {
        return ("{\"id\": \"own-%d\", \"prompt\": \"%s %d\", \"temperature\": 0, \"ignore_eos\": true, "
                + "\"max_tokens\": %d}").formatted(number, Story.OPENINGS.get(number % 8), number, TOKENS);
    }

    private static String completion(int number) {
        return ("{\"custom_id\": \"line-%d\", \"method\": \"POST\", \"url\": \"/v1/completions\", "
                + "\"body\": {\"prompt\": \"%s %d\", \"temperature\": 0, \"ignore_eos\": true, \"max_tokens\": %d}}")
                .formatted(number, Story.OPENINGS.get(number % 8), number, TOKENS);
    }

    private Path file(String name, List<String> lines) throws IOException {
        return Files.writeString(folder.resolve(name), String.join("\n", lines));
    }

    private static SaidByCommand batch(Path file, Path out, String... options) {
        var arguments = new ArrayList<>(List.of(file.toString(), "--out", out.toString()));
        arguments.addAll(List.of(options));
        return SaidByCommand.of(story, "batch", arguments.toArray(String[]::new));
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        var lines = new ArrayList<JsonNode>();
        for (String line : Files.readAllLines(file)) {
            lines.add(MAPPER.readTree(line));
        }
        return lines;
    }

    private static Path errors(Path out) {
        return out.resolveSibling(out.getFileName() + ".errors");
    }

    private static Path progress(Path out) {
        return out.resolveSibling(out.getFileName() + ".progress");
    }

    @Test
    void eachLineIsAnsweredOnceOrHasItsReasonAndASecondRunDoesNothing() throws IOException {
        var file = file("in.jsonl", List.of("\uFEFF" + own(0), "nonsense", completion(1), "", completion(1),
                "{\"prompt\": \"" + "far too long ".repeat(2000) + "\"}", completion(0)));
        var out = folder.resolve("out.jsonl");
        var said = batch(file, out, "--json", "--price-out", "1000000");
        assertThat(said.code()).as(said.err()).isZero();

        var summary = MAPPER.readTree(said.out());
        assertThat(summary.get("answered").asInt()).isEqualTo(3);
        assertThat(summary.get("failed").asInt()).isEqualTo(3);
        assertThat(summary.get("cost").asDouble()).isEqualTo(3 * TOKENS);
        var tokens = BundledModel.tokens(List.of(
                story.bare(Story.OPENINGS.get(0) + " 0", SamplingParams.greedy(), TOKENS)));
        String text = story.model.tokenizer().decode(tokens.getFirst().stream().mapToInt(id -> id).toArray());
        for (var line : lines(out)) {
            if (line.has("custom_id")) {
                assertThat(line.get("error").isNull()).isTrue();
                var body = line.get("response").get("body");
                assertThat(body.get("object").textValue()).isEqualTo("text_completion");
                if (line.get("custom_id").textValue().equals("line-0")) {
                    assertThat(body.get("choices").get(0).get("text").textValue()).isEqualTo(text);
                    assertThat(body.get("usage").get("completion_tokens").asInt()).isEqualTo(TOKENS);
                }
            } else {
                assertThat(line.get("id").textValue()).isEqualTo("own-0");
                assertThat(MAPPER.convertValue(line.get("token_ids"), int[].class))
                        .containsExactly(tokens.getFirst().stream().mapToInt(id -> id).toArray());
            }
        }
        assertThat(lines(errors(out))).extracting(line -> line.get("error").get("line").asInt())
                .containsExactlyInAnyOrder(2, 5, 6);
        assertThat(lines(errors(out))).extracting(line -> line.get("error").get("code").textValue())
                .containsExactlyInAnyOrder("invalid_json_line", "duplicate_custom_id", "invalid_request");

        var before = Files.readAllBytes(out);
        assertThat(batch(file, out, "--json").code()).isZero();
        assertThat(Files.readAllBytes(out)).isEqualTo(before);
    }

    @Test
    void aJobThatWasStoppedGoesOnAndLinesThatWereWrittenBehindTheRecordAreCutOff() throws IOException {
        var all = new ArrayList<String>();
        for (int i = 100; i < 140; i++) {
            all.add(i == 120 ? "nonsense" : i % 2 == 0 ? own(i) : completion(i));
        }
        var file = file("in.jsonl", all);
        var out = folder.resolve("out.jsonl");
        var stopped = batch(file, out, "--max-errors", "0", "--live", "4");
        assertThat(stopped.code()).isEqualTo(1);
        assertThat(stopped.err()).contains("stopped, because 1 of 40 lines failed");
        assertThat(SaidByCommand.of(story, "batch status", out.toString()).out())
                .contains("  not done  ", ", 1 failed");
        Files.writeString(out, "{\"id\": \"half of a li", StandardOpenOption.APPEND);
        Files.writeString(errors(out), "more", StandardOpenOption.APPEND);

        assertThat(batch(file, out).code()).isZero();
        assertThat(lines(errors(out))).hasSize(1);
        assertThat(lines(out)).hasSize(39);

        var elsewhere = folder.resolve("elsewhere.jsonl");
        assertThat(batch(file, elsewhere, "--order", "input").code()).isZero();
        assertThat(Files.readAllLines(elsewhere)).as("the same job in another folder: the stored answers")
                .containsExactlyInAnyOrderElementsOf(Files.readAllLines(out));
        assertThat(lines(elsewhere)).extracting(line -> line.path("metadata").isMissingNode()
                ? Integer.parseInt(line.get("custom_id").textValue().substring(5))
                : Integer.parseInt(line.get("id").textValue().substring(4))).isSorted();
    }

    @Test
    void theEngineAloneWritesTheSameLines() throws IOException {
        var all = new ArrayList<String>();
        for (int i = 200; i < 230; i++) {
            all.add(i == 210 ? "nonsense" : i % 2 == 0 ? own(i).replace("\"temperature\": 0", "\"temperature\": 1")
                    : completion(i).replace("\"temperature\": 0", "\"n\": 2, \"temperature\": 1, \"stop\": \"e\"")
                            .replace("\"ignore_eos\": true, ", ""));
        }
        var file = file("in.jsonl", all);
        var out = folder.resolve("out.jsonl");
        var offline = folder.resolve("offline.jsonl");
        assertThat(batch(file, out).code()).isZero();
        var err = new StringWriter();
        int code = Main.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(err, true)).execute("generate",
                "--model", BundledModel.path().toString(), "--requests", file.toString(), "--out", offline.toString());
        assertThat(code).as(err.toString()).isZero();
        assertThat(withoutTimes(offline)).containsExactlyInAnyOrderElementsOf(withoutTimes(out));
        assertThat(Files.readAllLines(errors(offline))).isEqualTo(Files.readAllLines(errors(out)));
    }

    @Test
    void onAFullDiskTheCommandStopsWithASentenceAndGoesOnLater() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "bash limits the size of the files");
        var all = new ArrayList<String>();
        for (int i = 300; i < 700; i++) {
            all.add(completion(i));
        }
        var file = file("in.jsonl", all);
        var out = folder.resolve("out.jsonl");
        var topics = story.config.topics();
        try (var limited = FloverProcess.startLimited(FILE_KIB, folder, "batch", file.toString(), "--out",
                out.toString(), "--bootstrap-servers", story.bootstrapServers, "--schema-registry-url",
                story.registryUrl, "--requests-topic", topics.requests(), "--tokens-topic", topics.tokens(),
                "--results-topic", topics.results(), "--models-topic", topics.models())) {
            assertThat(limited.awaitEnd()).as(limited.output()).isEqualTo(1);
            assertThat(limited.output()).contains("cannot write " + out).contains("the same command")
                    .doesNotContain("Exception");
        }
        assertThat(Files.size(out)).isLessThanOrEqualTo(FILE_KIB * 1024L);

        assertThat(batch(file, out).code()).isZero();
        assertThat(lines(out)).extracting(line -> line.get("custom_id").textValue()).doesNotHaveDuplicates()
                .hasSize(400);
    }

    @Test
    void afterTheDeadlineEachLineHasAnAnswerOrItsReason() throws IOException {
        var all = new ArrayList<String>();
        for (int i = 0; i < 2_000; i++) {
            all.add(completion(i).replace("\"max_tokens\": " + TOKENS, "\"max_tokens\": 600"));
        }
        var file = file("in.jsonl", all);
        Set<String> codes = Set.of();
        // On a busy machine a short deadline passes before the first line is sent, and then no request is cancelled.
        for (int seconds = 1; !codes.contains("batch_cancelled") && seconds <= 16; seconds *= 4) {
            var out = folder.resolve("out-" + seconds + ".jsonl");
            var said = batch(file, out, "--deadline", seconds + "s", "--live", "32");
            assertThat(said.code()).as(said.err()).isZero();
            assertThat(said.err()).contains("the deadline has passed");
            var errors = lines(errors(out));
            assertThat(errors.size() + lines(out).size()).isEqualTo(2_000);
            codes = errors.stream().map(line -> line.get("error").get("code").textValue())
                    .collect(Collectors.toSet());
            assertThat(codes).contains("batch_expired");
        }
        assertThat(codes).containsExactlyInAnyOrder("batch_expired", "batch_cancelled");
    }

    private static List<String> withoutTimes(Path file) throws IOException {
        try (var lines = Files.lines(file)) {
            return lines.map(line -> line.replaceAll("\"created\":\\d+", "")
                    .replaceAll("\"model\":\"novelist(-f16)?\"", "\"model\":\"novelist\"")).toList();
        }
    }

    @Test
    void aWrongFileOrOptionIsNamedAndNothingOfOthersIsOverwritten() throws IOException {
        var out = folder.resolve("out.jsonl");
        assertThat(batch(folder.resolve("none.jsonl"), out).err()).contains("there is no such file");
        assertThat(batch(file("empty.jsonl", List.of("", " ")), out).err()).contains("has no line");
        var file = file("in.jsonl", List.of(own(1)));
        assertThat(batch(file, out, "--max-errors", "many").err()).contains("--max-errors must be a number of lines");
        assertThat(batch(file, out, "--deadline", "soon").err()).contains("--deadline must be a length of time");
        assertThat(batch(file, file).err()).contains("--out must be another file than the file of requests");
        assertThat(batch(file, folder).err()).contains("--out must be a file, found the folder");
        Files.writeString(out, "a file of the user's\n");
        assertThat(batch(file, out).err()).contains("is not the output of a batch job");
        assertThat(Files.readString(out)).isEqualTo("a file of the user's\n");
        Files.delete(out);
        assertThat(batch(file, out).code()).isZero();
        Files.writeString(file, own(2));
        assertThat(batch(file, out).err()).contains("belongs to another job");
        Files.writeString(progress(out), "{}");
        assertThat(batch(file, out).err()).contains("must be the progress of a batch job");
    }
}
