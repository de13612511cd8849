package dev.flover.app.watch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.Console;
import dev.flover.app.picture.Frame.Generation;
import dev.flover.app.picture.Frame.State;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchTest {
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long NOW = 1_000_000;

    @Test
    void aStatusFitsASmallTerminal() {
        var lines = StatusCommand.lines(look(0, 100, 10, 60), look(2, 900, 110, 560));

        assertThat(lines).hasSizeLessThan(15).allSatisfy(line -> assertThat(line).hasSizeLessThan(60));
        assertThat(lines).contains("state     READY: serving",
                "rate      400 tokens/s, 50 steps/s, 5.0 rows in a step",
                "requests  3 live, 4 waiting, 5 unread, 6 ended",
                "backlog   some 700 tokens, 1 min 10 s at the present rate",
                "KV cache  [#####...............] 25 %, 10 of 40 blocks");
    }

    @Test
    void aRestartedPipelineHasNoNegativeRate() {
        assertThat(StatusCommand.lines(look(0, 900, 110, 560), look(1, 5, 1, 2)))
                .contains("rate      0 tokens/s, 0 steps/s, 0.0 rows in a step");
    }

    @Test
    void aLineOfPsIsAsWideAsTheTerminalAndMovesNoCursor() throws JsonProcessingException {
        var generation = json("""
                {"id": "a-long-id\\u001b[2J-of-a-request-0123456789", "tenant": "acme", "state": "live", "partition": 3,
                 "prompt_tokens": 9, "tokens": 120, "max_tokens": 400, "read_at": 1000}""");

        String narrow = PsCommand.line(generation, 66_000, 14);
        assertThat(narrow).hasSizeLessThan(60).startsWith("a-long-id[2J-~  live").contains("120/400", "1 min 5 s")
                .endsWith("acme");
        assertThat(PsCommand.line(generation, 66_000, Integer.MAX_VALUE)).contains("-of-a-request-0123456789");
    }

    @Test
    void generationsThatAreListedNoMoreHaveEndedAndLeaveThePictureAfterAMinute() throws JsonProcessingException {
        var board = new TopBoard();
        board.take(look(0, 0, 0, 0), json("[" + row("a", "live", 5) + "," + row("b", "waiting", 0) + "]"), NOW);
        board.take(look(1, 50, 10, 40), json("[" + row("b", "live", 1) + "]"), NOW + 1000);

        var frame = board.frame(NOW + 1000, "notice");
        assertThat(frame.generations()).extracting(Generation::prompt).containsExactly("a", "b");
        assertThat(frame.generations()).extracting(Generation::state).containsExactly(State.DONE, State.DECODING);
        assertThat(frame.tokensPerSecond()).isEqualTo(50);
        assertThat(frame.rowsPerStep()).isEqualTo(4);
        assertThat(frame.generations().get(0).endMs()).isEqualTo(TopBoard.WINDOW_MS);

        board.take(look(90, 50, 10, 40), json("[" + row("b", "live", 1) + "]"), NOW + 90_000);
        assertThat(board.frame(NOW + 90_000, "").generations()).extracting(Generation::prompt).containsExactly("b");
    }

    @Test
    void aPipelineThatIsNotThereIsOneSentence() {
        for (String command : List.of("status", "ps", "top")) {
            var run = Console.run(command, "--at", "127.0.0.1:1");
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).startsWith("flover: no pipeline answers at http://127.0.0.1:1: ").hasLineCount(1);
            assertThat(run.out()).isEmpty();
        }
        assertThat(Console.run("status", "--at", "nonsense://x").err()).contains("--at must be the address");
        assertThat(Console.run("top", "--seconds", "-1").code()).isEqualTo(2);
    }

    private static Look look(long second, long tokens, long steps, long rows) {
        var status = new ObjectMapper().createObjectNode().put("state", "ready").put("detail", "serving")
                .put("model", "novelist").put("device", "cpu").put("application_id", "flover").put("up_seconds", 7)
                .put("tokens", tokens).put("steps", steps).put("rows", rows).put("live", 3).put("waiting", 4)
                .put("lag", 5).put("ended", 6).put("backlog_tokens", 700).put("backlog_seconds", 70.2)
                .put("kv_blocks_used", 10).put("kv_blocks", 40);
        return new Look(second * SECOND_NANOS, status);
    }

    private static String row(String id, String state, int tokens) {
        return "{\"id\": \"" + id + "\", \"state\": \"" + state + "\", \"tokens\": " + tokens
                + ", \"read_at\": " + (NOW - 500) + "}";
    }

    private static JsonNode json(String text) throws JsonProcessingException {
        return new ObjectMapper().readTree(text);
    }
}
