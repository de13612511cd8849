package dev.flover.tests.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.batch.jobs.JobFeeder;
import dev.flover.app.connection.Connection;
import dev.flover.topology.Pipeline;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    }
}
