package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Batch requests beside others, in an engine with few slots.
class BatchRequestsTest {
    private static final int SLOTS = 2;

    private final SimulatedProcess process = SimulatedProcess.of(2, SLOTS);

    private void sendLine(int partition, String id, String prompt) {
        process.send(partition, request(id, prompt).setBatch(true).build());
    }

    private boolean isEnded(String id) {
        return process.chunks(id).stream().anyMatch(TokenChunk::getTerminal);
    }

    private void assertWhole(String id, String text) {
        int position = 0;
        for (var chunk : process.chunks(id)) {
            assertThat(chunk.getPosition()).as(id).isEqualTo(position);
            position += chunk.getTokenIds().size();
        }
        assertThat(process.text(id, 0)).as(id).isEqualTo(text);
        assertThat(process.result(id).getFinishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aRequestFindsASlotAtOnceWhereBatchLinesHaveTakenAll() {
        String text = "x".repeat(300);
        for (int i = 0; i < 6; i++) {
            sendLine(i % 2, "line-" + i, ">" + text);
        }
        process.ticks(50);
        process.send(1, request("urgent", ">now").build());
        process.runUntil(() -> isEnded("urgent"));
        for (int i = 0; i < 6; i++) {
            assertThat(isEnded("line-" + i)).as("line " + i + " is not ended").isFalse();
        }
        process.settle();
        assertWhole("urgent", "now");
        for (int i = 0; i < 6; i++) {
            assertWhole("line-" + i, text);
        }
    }

    @Test
    void inAnEngineOfManySlotsARequestFindsOneThatLinesHaveLeft() {
        var large = SimulatedProcess.of(1, 32);
        for (int i = 0; i < 40; i++) {
            large.send(0, request("line-" + i, ">" + "x".repeat(300)).setBatch(true).build());
        }
        large.ticks(20);
        assertThat(large.waiting()).as("lines take all slots but one").isEqualTo(9);
        large.send(0, request("urgent", ">now").build());
        large.runUntil(() -> !large.results("urgent").isEmpty());
        assertThat(large.meters.get("flover.batch.yielded").counter().count()).isZero();
        assertThat(large.text("urgent", 0)).isEqualTo("now");
    }

    @Test
    void theFirstTokenOfALineAsksForNoCommitAndThatOfAnotherRequestDoes() {
        sendLine(0, "line", ">" + "x".repeat(40));
        process.ticks(20);
        assertThat(process.asksForCommit()).isFalse();
        process.send(0, request("other", ">" + "y".repeat(40)).build());
        process.ticks(10);
        assertThat(process.asksForCommit()).isTrue();
        process.settle();
        assertThat(process.chunks("line").getFirst().getTokenIds()).as("the tokens until the commit, in one chunk")
                .hasSizeGreaterThan(10);
        assertWhole("line", "x".repeat(40));
        assertWhole("other", "y".repeat(40));
    }

    @Test
    void aLineThatGaveUpItsSlotCanBeCancelledAndSurvivesACrash() {
        String text = "y".repeat(200);
        sendLine(0, "cancelled", ">" + text);
        sendLine(1, "resumed", ">" + text);
        process.ticks(20);
        process.send(0, request("one", ">" + text).build());
        process.send(1, request("two", ">" + text).build());
        process.ticks(20);
        process.commit();
        process.cancel(0, "cancelled");
        process.ticks(5);
        process.commit();
        assertThat(process.result("cancelled").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(text).startsWith(process.text("cancelled", 0));
        process.crash();
        process.settle();
        assertWhole("one", text);
        assertWhole("two", text);
        assertWhole("resumed", text);
    }

    @Test
    void randomRequestsAmongLinesChangeNoAnswer() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        int sent = 0;
        for (int round = 0; round < 40; round++) {
            String text = "t".repeat(1 + random.nextInt(60));
            if (random.nextBoolean()) {
                sendLine(random.nextInt(2), "r" + sent++, ">" + text);
            } else {
                process.send(random.nextInt(2), request("r" + sent++, ">" + text).build());
            }
            process.ticks(random.nextInt(12));
            if (random.nextInt(10) == 0) {
                process.crash();
            }
        }
        process.settle();
        random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            String text = "t".repeat(1 + random.nextInt(60));
            random.nextBoolean();
            random.nextInt(2);
            random.nextInt(12);
            random.nextInt(10);
            assertWhole("r" + round, text);
        }
    }

    /// A request takes the line's slot when the prompt has been scored and its first tokens are kept back until the
    /// commit, and ends without a token. The line's prompt is then scored anew.
    @ParameterizedTest
    @ValueSource(ints = {219, 225, 231, 237, 243})
    void aLineThatGaveUpItsSlotHasTheLogprobsOfItsWholePrompt(int ticks) {
        var one = SimulatedProcess.of(1, 1);
        var line = request("line", "p".repeat(600) + ">" + "x".repeat(50)).setBatch(true).setPromptLogprobs(0).build();
        one.send(0, line);
        var engine = (ScriptedEngine) one.engine;
        var yielded = one.meters.get("flover.batch.yielded").counter();
        one.ticks(ticks);
        assertThat(engine.promptsScored).as("the whole prompt is scored").isOne();
        assertThat(yielded.count()).isZero();
        one.send(0, request("urgent", ">n").build());
        one.tick();
        assertThat(yielded.count()).as("the line gave up its slot").isOne();
        assertThat(one.asksForCommit()).as("no token was sent, nor its sending asked for").isFalse();
        one.cancel(0, "urgent");
        for (int i = 0; i < 1000; i++) {
            one.tick();
            if (one.asksForCommit()) {
                one.commit();
            }
        }
        one.settle();
        assertThat(engine.promptsScored).as("the prompt is scored anew").isEqualTo(2);
        ExactlyOnceProperties.assertPromptLogprobs(line, 0, one.chunks("line"));
        assertThat(one.text("line", 0)).isEqualTo("x".repeat(50));
    }
}
