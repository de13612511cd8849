package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.PromptLogprobs;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.SlabShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final int CONTEXT = 128;

    private final List<Long> reported = new ArrayList<>();
    private final TokenSink sink = new TokenSink() {
        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            reported.add(sequence);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {}
    };

    private static SequenceRequest request(int promptTokens, int maxTokens, int priority, boolean alone) {
        int[] prompt = IntStream.range(0, promptTokens).toArray();
        return SequenceRequest.of(prompt, SamplingParams.greedy(), maxTokens, TokenSet.EMPTY)
                .withPriority(priority)
                .withAlone(alone);
    }

    private static EngineConfig config(int maxSequences, int budget, int chunk, int blocks) {
        return EngineConfig.of(maxSequences, budget).with(c -> c.prefillChunk(chunk).blockTokens(4)
                .kvBlocks(blocks).stepsInFlight(1).prefixCaching(false));
    }

    private static int[] rowsBySlice(StepPlan plan) {
        return IntStream.range(0, plan.slices()).map(slice -> plan.sliceRows[slice]).toArray();
    }

    @Test
    void decodingSequencesComeFirstAndPromptChunksShareWhatIsLeftOfTheBudget() {
        var scheduler = new Scheduler(config(4, 10, 6, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(10, 4);
        scheduler.admit(1, request(3, 20, 0, false));
        scheduler.plan(step);
        assertThat(rowsBySlice(step.plan())).containsExactly(3);
        scheduler.commit(step, sink);

        scheduler.admit(2, request(15, 20, 0, false));
        scheduler.admit(3, request(15, 20, 0, false));
        scheduler.plan(step);
        assertThat(rowsBySlice(step.plan())).containsExactly(1, 6, 3);
        assertThat(step.plan().samples()).isEqualTo(1);
        scheduler.commit(step, sink);

        scheduler.plan(step);
        assertThat(rowsBySlice(step.plan())).containsExactly(1, 6, 3);
        scheduler.commit(step, sink);

        scheduler.plan(step);
        assertThat(rowsBySlice(step.plan())).containsExactly(1, 3, 6);
        assertThat(step.plan().samples()).isEqualTo(2);
    }

    @Test
    void backgroundSequencesAreLeftOutOfEverySecondStepWithPromptsOfOthers() {
        var scheduler = new Scheduler(config(4, 10, 6, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(10, 4);
        scheduler.admit(1, request(3, 20, 9, false).withBackground(true));
        scheduler.admit(2, request(2, 20, 9, false).withBackground(true));
        runs(scheduler, step, 3, 2);
        runs(scheduler, step, 1, 1);
        scheduler.admit(3, request(14, 20, 0, false));
        runs(scheduler, step, 6);
        runs(scheduler, step, 1, 1, 6);
        assertThat(step.plan().samples()).as("the prompt is not whole").isEqualTo(2);
        scheduler.admit(4, request(5, 20, 9, false).withBackground(true));
        runs(scheduler, step, 2);
        assertThat(step.plan().samples()).isEqualTo(1);
        runs(scheduler, step, 1, 1, 1, 5);
        scheduler.cancel(3);
        runs(scheduler, step, 1, 1, 1);
        assertThat(reported).containsExactly(1L, 2L, 1L, 2L, 1L, 2L, 3L, 3L, 1L, 2L, 4L, 1L, 2L, 4L);
    }

    private void runs(Scheduler scheduler, Step step, int... rows) {
        assertThat(scheduler.plan(step)).isTrue();
        assertThat(rowsBySlice(step.plan())).containsExactly(rows);
        scheduler.commit(step, sink);
    }

    @Test
    void aBlockThatNobodyGivesBackIsToldOnceTheEngineIsIdle() {
        var config = config(2, 8, 8, 20);
        var blocks = new SequenceBlocks(config, Windows.NONE, 1);
        var scheduler = new Scheduler(config, CONTEXT, Integer.MAX_VALUE, blocks);
        var step = new Step(8, 2);
        scheduler.admit(1, request(3, 1, 0, false));
        scheduler.plan(step);
        scheduler.commit(step, sink);
        assertThat(scheduler.status().leak()).as("all is free").isNull();

        var leaking = new Sequence(9, request(3, 1, 0, false), CONTEXT, Integer.MAX_VALUE, new Seats(config));
        blocks.claim(leaking, 0, 0);
        assertThat(scheduler.status().leak()).as("it is looked only where the engine becomes idle").isNull();
        scheduler.admit(2, request(3, 1, 0, false));
        scheduler.plan(step);
        assertThat(scheduler.status().leak()).as("not idle").isNull();
        scheduler.commit(step, sink);

        assertThat(scheduler.status().leak()).isEqualTo("the engine was idle and still held 1 KV blocks, 0 slots, "
                + "0 seats and 0 places in its queues");
    }

    @Test
    void aSeatThatIsNeverReclaimedIsToldOnceTheEngineIsIdle() {
        var config = config(2, 8, 8, 20);
        var seats = new Seats(config);
        var scheduler = new Scheduler(
                config, CONTEXT, Integer.MAX_VALUE, new SequenceBlocks(config, Windows.NONE, 1), seats);
        var step = new Step(8, 2);
        scheduler.admit(1, request(3, 1, 0, false));
        scheduler.plan(step);
        scheduler.commit(step, sink);
        assertThat(scheduler.status().leak()).as("the seat that was left is free").isNull();

        var leaking = new Sequence(9, request(3, 1, 0, false), CONTEXT, Integer.MAX_VALUE, seats);
        seats.seat(leaking, 1);
        seats.leave(leaking, Long.MAX_VALUE); // after a step that never ends
        scheduler.admit(2, request(3, 1, 0, false));
        scheduler.plan(step);
        scheduler.commit(step, sink);

        // those that are left later wait behind it
        assertThat(scheduler.status().leak()).isEqualTo("the engine was idle and still held 0 KV blocks, 0 slots, "
                + "2 seats and 0 places in its queues");
    }

    @Test
    void positionsOfPromptsAreCountedByWhetherTheyWereComputedBefore() {
        var scheduler = new Scheduler(config(2, 4, 4, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(4, 2);
        scheduler.admit(1, request(10, 3, 0, false));
        while (scheduler.plan(step)) {
            scheduler.commit(step, sink);
        }
        assertThat(scheduler.status().prefilled()).isEqualTo(10);
        assertThat(scheduler.status().recomputed()).isZero();

        scheduler.admit(2, request(10, 6, 0, false).withGeneratedIds(new int[] {1, 2, 3}));
        while (scheduler.plan(step)) {
            scheduler.commit(step, sink);
        }
        assertThat(scheduler.status().prefilled()).as("after a restart").isEqualTo(10);
        assertThat(scheduler.status().recomputed()).as("the last token was drawn, not computed").isEqualTo(10 + 2);
    }

    @Test
    void sharedPositionsAreCountedForPromptsThatWereNotComputedBefore() {
        var scheduler = new Scheduler(
                config(2, 16, 16, 100).withPrefixCaching(true), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(16, 2);
        run(scheduler, step, 1, request(10, 9, 0, false)); // the device of this test draws token 0
        run(scheduler, step, 2, request(10, 9, 0, false).withGeneratedIds(new int[] {0, 0, 0}));
        assertThat(scheduler.status().prefixHits()).as("after a restart").isZero();
        run(scheduler, step, 3, request(10, 9, 0, false));
        assertThat(scheduler.status().prefixHits()).isEqualTo(8);
    }

    /// One prompt uses up the scores of a step for a long time.
    @Test
    void sequencesWhosePromptsWaitToBeScoredHoldNoOthersUp() {
        var scheduler = new Scheduler(config(50, 100, 50, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(100, 50);
        for (int id = 1; id <= 40; id++) {
            scheduler.admit(id, request(100, 1, 0, false).withPromptLogprobs(new PromptLogprobs(1, 0)));
        }
        scheduler.admit(41, request(4, 1, 0, false));
        scheduler.plan(step);
        assertThat(scheduler.status().running()).isEqualTo(2);
        scheduler.commit(step, sink);
        assertThat(reported).containsExactly(41L);
    }

    @Test
    void higherPriorityJoinsFirstThenEarlierArrival() {
        var scheduler = new Scheduler(config(1, 8, 8, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(8, 1);
        scheduler.admit(1, request(2, 1, 0, false));
        scheduler.admit(2, request(2, 1, 0, false));
        scheduler.admit(3, request(2, 1, 5, false));
        scheduler.admit(4, request(2, 1, 5, false));
        while (scheduler.plan(step)) {
            scheduler.commit(step, sink);
        }
        assertThat(reported).containsExactly(3L, 4L, 1L, 2L);
    }

    @Test
    void theLowestInRankGivesUpItsBlocksFirstAndIsComputedAgain() {
        var scheduler = new Scheduler(config(3, 12, 12, 7), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(12, 3);
        scheduler.admit(1, request(4, 9, 0, false));
        scheduler.admit(2, request(4, 9, 1, false));
        scheduler.admit(3, request(4, 9, 0, false));
        var finished = new ArrayList<Long>();
        while (scheduler.plan(step)) {
            scheduler.commit(step, new TokenSink() {
                @Override
                public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {}

                @Override
                public void finished(long sequence, FinishReason reason) {
                    finished.add(sequence);
                }
            });
        }
        assertThat(finished).containsExactly(2L, 1L, 3L);
        assertThat(scheduler.status().preemptions()).isPositive();
        assertThat(scheduler.status().tokens()).isEqualTo(27);
    }

    @Test
    void stepsOfASequenceThatRunsAloneTakeTurnsWithStepsOfTheOthers() {
        var scheduler = new Scheduler(config(4, 12, 12, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(12, 4);
        scheduler.admit(1, request(3, 6, 0, false));
        scheduler.admit(2, request(3, 6, 0, true));
        scheduler.admit(3, request(3, 6, 0, false));
        scheduler.admit(4, request(3, 6, 0, true));
        var kinds = new StringBuilder();
        while (scheduler.plan(step)) {
            reported.clear();
            scheduler.commit(step, sink);
            boolean alone = reported.contains(2L) || reported.contains(4L);
            assertThat(reported).hasSize(alone ? 1 : reported.size());
            kinds.append(alone ? 'a' : 't');
        }
        // Sequence 3 waits until sequence 2 has run, because sequence 2 outranks it and must run alone.
        assertThat(kinds.toString()).isEqualTo("tatatatatatat" + "aaaaaa");
    }

    @Test
    void aStepPlannedBeforeTheLastTokenIsReadComputesNothingBeyondTheMaximum() {
        var scheduler = new Scheduler(config(1, 8, 8, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var first = new Step(8, 1);
        var second = new Step(8, 1);
        scheduler.admit(1, request(2, 2, 0, false));
        assertThat(scheduler.plan(first)).isTrue();
        assertThat(scheduler.plan(second)).isTrue();
        assertThat(second.plan().tokenIds[0]).isEqualTo(StepPlan.NEWEST);
        scheduler.commit(first, sink);
        assertThat(scheduler.plan(first)).isFalse();
        scheduler.commit(second, sink);
        assertThat(reported).containsExactly(1L, 1L);
        assertThat(scheduler.isIdle()).isTrue();
    }

    @Test
    void aSinkMayCancelTheSequenceWhoseTokenItReceives() {
        var scheduler = new Scheduler(config(2, 8, 8, 100), CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(8, 2);
        scheduler.admit(1, request(2, 1, 0, false));
        scheduler.admit(2, request(2, 1, 0, false));
        scheduler.plan(step);
        var finished = new ArrayList<Long>();
        scheduler.commit(step, new TokenSink() {
            @Override
            public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
                if (sequence == 1) {
                    scheduler.cancel(1);
                    scheduler.cancel(2);
                }
            }

            @Override
            public void finished(long sequence, FinishReason reason) {
                finished.add(sequence);
            }
        });
        assertThat(finished).isEmpty();
        assertThat(scheduler.isIdle()).isTrue();
        assertThat(scheduler.status().blocksUsed()).isZero();
    }

    /// Windows of 9 positions, read from multiples of 4: a row sees at most four blocks of 4, and a fifth is being
    /// filled.
    @Test
    void blocksThatASlidingWindowHasPassedAreFreeForOthers() {
        var config = config(1, 8, 8, 30);
        var blocks = new SequenceBlocks(config, new Windows(9, 0, new SlabShape(1, 0)), 4);
        var scheduler = new Scheduler(config, CONTEXT, Integer.MAX_VALUE, blocks);
        var step = new Step(8, 1);
        scheduler.admit(1, request(30, 80, 0, false));
        scheduler.plan(step);
        assertThat(scheduler.status().blocksUsed()).as("all of the prompt").isEqualTo(8);
        int planned = 1;
        do {
            assertThat(scheduler.status().blocksUsed()).as("step " + planned)
                    .isLessThanOrEqualTo(planned < 5 ? 8 : 5);
            scheduler.commit(step, sink);
            planned++;
        } while (scheduler.plan(step));
        assertThat(reported).hasSize(80);
        assertThat(scheduler.status().blocksUsed()).isZero();
    }

    /// As above, but only some layers have the window; the others hold all positions.
    @Test
    void whereSomeLayersHaveAWindowTheirBlocksAreFreeForOthersAndThoseOfOtherLayersAreNot() {
        var config = config(1, 8, 8, 30);
        var blocks = new SequenceBlocks(config, new Windows(0, 9, new SlabShape(2, 5)), 4);
        var scheduler = new Scheduler(config, CONTEXT, Integer.MAX_VALUE, blocks);
        var step = new Step(8, 1);
        scheduler.admit(1, request(30, 80, 0, false));
        scheduler.plan(step);
        assertThat(blocks.referencedWindowed()).as("the first chunk").isEqualTo(2);
        int planned = 1;
        do {
            assertThat(blocks.referencedWindowed()).as("step " + planned)
                    .isLessThanOrEqualTo(planned < 5 ? 6 : 5);
            assertThat(blocks.referenced() - blocks.referencedWindowed()).isEqualTo(
                    planned < 5 ? 8 : (29 + planned - 4) / 4 + 1);
            scheduler.commit(step, sink);
            planned++;
        } while (scheduler.plan(step));
        assertThat(reported).hasSize(80);
        assertThat(blocks.referenced()).isZero();
    }

    /// 40 layers have a window of 1,024 positions, and 8 layers see all: five blocks of the 8 layers fit into a slab.
    @Test
    void aLongSequenceOfGemma3HoldsItsWindowsOnly() {
        int positions = 8000;
        var config = EngineConfig.of(1, 64).with(c -> c.kvBlocks(500).stepsInFlight(1).prefixCaching(false));
        var blocks = new SequenceBlocks(config, new Windows(0, 1024, new SlabShape(8, 40)), CacheShape.READ_FROM);
        var scheduler = new Scheduler(config, positions, Integer.MAX_VALUE, blocks);
        var step = new Step(64, 1);
        scheduler.admit(1, request(IntStream.range(0, positions - 20), 20));
        int most = Math.ceilDiv(64 + 1024 + CacheShape.READ_FROM, 16) + 1;
        while (scheduler.plan(step)) {
            assertThat(blocks.referencedWindowed()).isLessThanOrEqualTo(most);
            if (reported.size() == 19) {
                assertThat(blocks.referenced() - blocks.referencedWindowed()).as("of 8 layers").isEqualTo(500);
                assertThat(blocks.referencedWindowed()).as("of 40 layers").isEqualTo(68);
                // 100 slabs of 8 layers and 68 of 40 layers, of 600 slabs in all
                assertThat(scheduler.status().blocksUsed()).isEqualTo(Math.ceilDiv(168 * 500, 600));
            }
            scheduler.commit(step, sink);
        }
        assertThat(reported).hasSize(20);
    }

    /// A window of 9 positions: a prefix of 40 positions can be shared while the last two of its ten blocks are there.
    @Test
    void aPrefixIsSharedAsFarAsTheBlocksOfWindowedLayersAreStillThere() {
        var config = config(1, 16, 16, 13).withPrefixCaching(true);
        var blocks = new SequenceBlocks(config, new Windows(0, 9, new SlabShape(2, 5)), 4);
        var scheduler = new Scheduler(config, CONTEXT, Integer.MAX_VALUE, blocks);
        var step = new Step(16, 1);
        run(scheduler, step, 1, request(41, 1, 0, false));
        // takes the memory of the oldest windowed blocks
        run(scheduler, step, 2, request(IntStream.range(1000, 1020), 1));
        run(scheduler, step, 3, request(41, 1, 0, false));
        assertThat(scheduler.status().prefixHits()).as("all full blocks").isEqualTo(40);

        var beginning = IntStream.concat(IntStream.range(0, 12), IntStream.of(99)).toArray();
        run(scheduler, step, 4, request(Arrays.stream(beginning), 1));
        assertThat(scheduler.status().prefixHits()).as("nothing more").isEqualTo(40);
        run(scheduler, step, 5, request(Arrays.stream(beginning), 1));
        assertThat(scheduler.status().prefixHits()).as("what was computed again").isEqualTo(52);
    }

    /// Each of the first sequence's five full blocks of windowed layers lies in a slab of its own, because others took
    /// the rest of the slab. To share them, and five blocks of the other layers, takes ten of the 16 slabs. That leaves
    /// room for six more blocks of the other layers, and the last sequence may need seven.
    @Test
    void theOnlyRunningSequenceIsComputedWithoutItsSharedPrefixIfThatTakesTooManySlabs() {
        var config = config(2, 16, 16, 12).withPrefixCaching(true);
        var blocks = new SequenceBlocks(config, new Windows(0, 100, new SlabShape(5, 2)), 4);
        var scheduler = new Scheduler(config, CONTEXT, Integer.MAX_VALUE, blocks);
        var step = new Step(16, 2);
        scheduler.admit(1, request(4, 18, 0, false));
        for (int planned = 0; planned == 0 || !scheduler.isIdle(); planned++) {
            if (planned == 0 || planned % 4 == 1) { // the first sequence needs a block in the step that comes now
                scheduler.admit(2 + planned, request(IntStream.range(100 * (planned + 1), 100 * (planned + 1) + 8), 1));
            }
            assertThat(scheduler.plan(step)).isTrue();
            scheduler.commit(step, sink);
        }
        reported.clear();
        var prompt = IntStream.range(0, 21).map(i -> i < 4 ? i : 0); // the device of this test draws token 0
        run(scheduler, step, 1000, request(prompt, 28));
        assertThat(reported).hasSize(28);
        assertThat(scheduler.status().prefixHits()).isZero();
        assertThat(scheduler.status().preemptions()).isZero();
        assertThat(blocks.referenced()).isZero();
    }

    /// The second sequence leaves places in slabs with the first one's shared prefix; the index holds their text.
    @Test
    void theOnlyRunningSequenceSharesNoPrefixWhereItsOtherTableCouldNotGrow() {
        var config = EngineConfig.of(4, 14).with(c -> c.prefillChunk(6).blockTokens(8).kvBlocks(6).stepsInFlight(2));
        assertAllEnd(config, new Windows(0, 65, new SlabShape(1, 3)), 1, 49,
                request(IntStream.generate(() -> 1).limit(43), 2),
                request(IntStream.generate(() -> 2).limit(9), 3).withPriority(2));
    }

    /// The third sequence has places in slabs of the fourth one, which then needs more than all of the memory.
    @Test
    void sequencesDoNotJoinBesideAHigherRankingOneThatTheyHaveLeftTooLittleMemory() {
        var config = EngineConfig.of(4, 25).with(c -> c.prefillChunk(6).blockTokens(8).kvBlocks(5).stepsInFlight(1)
                .prefixCaching(false));
        var windows = new Windows(0, 57, new SlabShape(1, 6));
        for (int readFrom = 1; readFrom <= 8; readFrom++) {
            assertAllEnd(config, windows, readFrom, 41, request(29, 18, 1, false).withBackground(true),
                    request(36, 22, 1, false), request(33, 26, 2, true).withBackground(true),
                    request(17, 16, 2, false));
        }
    }

    private void assertAllEnd(
            EngineConfig config, Windows windows, int readFrom, int context, SequenceRequest... requests) {
        var scheduler = new Scheduler(
                config, context, Integer.MAX_VALUE, new SequenceBlocks(config, windows, readFrom));
        var spare = new ArrayDeque<Step>();
        for (int i = 0; i < config.stepsInFlight(); i++) {
            spare.add(new Step(config.tokenBudget(), config.maxSequences()));
        }
        for (int i = 0; i < requests.length; i++) {
            scheduler.admit(i + 1, requests[i]);
        }
        var underWay = new ArrayDeque<Step>();
        while (!scheduler.isIdle() || !underWay.isEmpty()) {
            while (!spare.isEmpty() && scheduler.plan(spare.peek())) {
                underWay.add(spare.remove());
            }
            if (!underWay.isEmpty()) {
                scheduler.commit(underWay.peek(), sink);
                spare.add(underWay.remove());
            }
            assertThat(scheduler.status().steps()).isLessThan(1000);
        }
        assertThat(scheduler.status().blocksUsed()).isZero();
    }

    private static SequenceRequest request(IntStream prompt, int maxTokens) {
        return SequenceRequest.of(prompt.toArray(), SamplingParams.greedy(), maxTokens, TokenSet.EMPTY);
    }

    private void run(Scheduler scheduler, Step step, long id, SequenceRequest request) {
        scheduler.admit(id, request);
        while (scheduler.plan(step)) {
            scheduler.commit(step, sink);
        }
    }

    @Test
    void theSharedPrefixOfASequenceThatHasNoRoomIsEvictedInItsTurn() {
        var config = config(4, 64, 64, 6).withPrefixCaching(true);
        var scheduler = new Scheduler(config, CONTEXT, Integer.MAX_VALUE, Windows.NONE);
        var step = new Step(64, 4);
        scheduler.admit(1, request(0, 9, 1));
        draw(scheduler, step, 1);
        scheduler.admit(2, request(100, 9, 1));
        draw(scheduler, step, 1);
        scheduler.admit(3, request(200, 4, 12));
        draw(scheduler, step, 1);

        scheduler.admit(4, request(0, 20, 1)); // begins as the first one did, and has too little room
        draw(scheduler, step, 10);
        scheduler.cancel(4);
        draw(scheduler, step, 1);
        assertThat(scheduler.isIdle()).isTrue();
        assertThat(scheduler.status().prefixHits()).isZero();

        scheduler.admit(5, request(100, 9, 1));
        draw(scheduler, step, 1);
        assertThat(scheduler.status().prefixHits()).as("the second prefix is younger than the first").isEqualTo(8);
    }

    private static SequenceRequest request(int firstToken, int promptTokens, int maxTokens) {
        int[] prompt = IntStream.range(firstToken, firstToken + promptTokens).toArray();
        return SequenceRequest.of(prompt, SamplingParams.greedy(), maxTokens, TokenSet.EMPTY);
    }

    private void draw(Scheduler scheduler, Step step, int steps) {
        for (int i = 0; i < steps; i++) {
            assertThat(scheduler.plan(step)).isTrue();
            Arrays.fill(step.plan().sampledTokens, 1000);
            scheduler.commit(step, sink);
        }
    }
}
