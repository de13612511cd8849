package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.StepTrace.Kind;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepRecorderTest {
    private final StepTrace trace = new StepTrace(1024);
    private final TokenSink ignoring = new TokenSink() {
        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {}

        @Override
        public void finished(long sequence, FinishReason reason) {}
    };
    private final Step step = new Step(16, 4);
    private long next;

    private static SequenceRequest request(int promptTokens, int maxTokens) {
        return SequenceRequest.of(new int[promptTokens], SamplingParams.greedy(), maxTokens, TokenSet.EMPTY);
    }

    private Scheduler scheduler(int blocks) {
        var config = EngineConfig.of(4, 16).with(c -> c.prefillChunk(8).blockTokens(4).kvBlocks(blocks).stepsInFlight(1)
                .prefixCaching(false));
        var scheduler = new Scheduler(config, 64, Integer.MAX_VALUE, Windows.NONE);
        scheduler.recordTo(trace);
        return scheduler;
    }

    private List<String> turn(Scheduler scheduler) {
        var entries = new ArrayList<String>();
        assertThat(scheduler.plan(step)).isTrue();
        scheduler.commit(step, ignoring);
        trace.publish();
        next = trace.read(next, new StepTrace.Reader() {
            @Override
            public void entry(Kind kind, int a, int b, long x, long y) {
                entries.add(kind == Kind.STEP ? "STEP " + x : kind + " " + a + " " + b + " " + x + " " + y);
            }

            @Override
            public void lost(long count) {
                throw new AssertionError("the trace is large enough, and lost " + count);
            }
        });
        return entries;
    }

    @Test
    void promptChunksDecodesAndEndsAreRecordedWithTheirSlots() {
        var scheduler = scheduler(32);
        scheduler.admit(1, request(3, 2));
        scheduler.admit(2, request(12, 9));

        assertThat(turn(scheduler)).containsExactly("STEP 1", "PREFILL 0 3 1 0", "PREFILL 1 8 2 0");
        assertThat(turn(scheduler)).containsExactly("STEP 2", "DECODE 0 0 1 0", "PREFILL 1 4 2 0", "LEAVE 0 0 1 0");
        assertThat(turn(scheduler)).containsExactly("STEP 3", "DECODE 1 0 2 0");
    }

    @Test
    void theMoveThatFillsAHoleIsRecordedWithBothSlots() {
        var scheduler = scheduler(32);
        scheduler.admit(1, request(2, 9));
        scheduler.admit(2, request(2, 9));
        scheduler.admit(3, request(2, 9));
        turn(scheduler);
        scheduler.cancel(2);

        assertThat(turn(scheduler)).containsExactly(
                "LEAVE 0 0 2 0", "STEP 2", "MOVE 2 1 3 0", "DECODE 0 0 1 0", "DECODE 1 0 3 0");
    }

    @Test
    void aPreemptedSequenceIsRecordedAndItsPositionsAreComputedAgain() {
        var scheduler = scheduler(6);
        scheduler.admit(1, request(2, 13));
        scheduler.admit(2, request(2, 13));
        var all = new ArrayList<String>();
        while (!scheduler.isIdle()) {
            all.addAll(turn(scheduler));
        }

        assertThat(all).contains("PREEMPT 0 0 2 0");
        assertThat(all.subList(all.indexOf("PREEMPT 0 0 2 0"), all.size()))
                .anyMatch(entry -> entry.matches("PREFILL \\d+ (\\d+) 2 [1-9]\\d*"));
        assertThat(scheduler.status().preemptions()).isPositive()
                .isEqualTo(all.stream().filter(entry -> entry.startsWith("PREEMPT")).count());
    }
}
