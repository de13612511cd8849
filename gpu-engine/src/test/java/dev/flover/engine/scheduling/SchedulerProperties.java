package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.SlabShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// Random admissions and cancellations of many sequences on a simulated device, with one or two steps in flight.
class SchedulerProperties {
    private static final int CONTEXT = 64;

    private record Expected(SequenceRequest request, int[] tokens, FinishReason reason) {}

    private static final class Answers implements TokenSink {
        final Map<Long, List<Integer>> tokens = new HashMap<>();
        final Map<Long, FinishReason> reasons = new HashMap<>();

        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            var answer = tokens.computeIfAbsent(sequence, id -> new ArrayList<>());
            assertThat(index).isEqualTo(answer.size());
            answer.add(tokenId);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {
            assertThat(reasons.put(sequence, reason)).isNull();
        }
    }

    @Property(tries = 300, seed = "20260722")
    void everySequenceGetsItsOwnAnswerAndNothingIsLeftBehind(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 12) int maxSequences,
            @ForAll @IntRange(min = 0, max = 2) int blockTokensLog,
            @ForAll @IntRange(min = 1, max = 2) int stepsInFlight,
            @ForAll boolean prefixCaching) {
        var random = new Random(seed);
        int blockTokens = 2 << blockTokensLog;
        int blocks = CONTEXT / blockTokens + random.nextInt(60);
        int budget = maxSequences + random.nextInt(24);
        var config = EngineConfig.of(maxSequences, budget).with(c -> c.prefillChunk(1 + random.nextInt(budget))
                .blockTokens(blockTokens).kvBlocks(blocks).stepsInFlight(stepsInFlight)
                .prefixCaching(prefixCaching));
        new Simulation(config, random).run();
    }

    private static final class Simulation {
        private final EngineConfig config;
        private final Random random;
        private final int vocabulary;
        private final int stretchedBeyond;
        private final SequenceBlocks blocks;
        private final Scheduler scheduler;
        private final SimulatedDevice device;
        private final Answers answers = new Answers();
        private final Map<Long, Expected> expected = new HashMap<>();
        private final ArrayDeque<Step> underWay = new ArrayDeque<>();
        private final ArrayDeque<Step> spare = new ArrayDeque<>();
        private final int[] commonPrompt;
        private long lastId;

        Simulation(EngineConfig config, Random random) {
            this.config = config;
            this.random = random;
            vocabulary = 2 + random.nextInt(20);
            commonPrompt = random.ints(CONTEXT, 0, vocabulary).toArray();
            stretchedBeyond = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(CONTEXT);
            int window = random.nextBoolean() ? 0 : 2 + random.nextInt(CONTEXT);
            int windowOfSome = window > 0 || random.nextInt(3) == 0 ? 0 : 2 + random.nextInt(CONTEXT / 2);
            int readFrom = 1 + random.nextInt(8);
            var shape = new SlabShape(1 + random.nextInt(5), windowOfSome == 0 ? 0 : 1 + random.nextInt(5));
            blocks = new SequenceBlocks(config, new Windows(window, windowOfSome, shape), readFrom);
            scheduler = new Scheduler(config, CONTEXT, stretchedBeyond, blocks);
            device = new SimulatedDevice(vocabulary, shape, shape.slabsFor(config.kvBlocks()), config.blockTokens(),
                    config.maxSequences(), CONTEXT, stretchedBeyond,
                    windowOfSome == 0 ? new int[] {window} : new int[] {0, windowOfSome});
            for (int i = 0; i < config.stepsInFlight(); i++) {
                spare.add(new Step(config.tokenBudget(), config.maxSequences()));
            }
        }

        void run() {
            int toAdmit = 30;
            for (int idleRounds = 0; toAdmit > 0 || !scheduler.isIdle() || !underWay.isEmpty(); ) {
                for (int burst = random.nextInt(4); burst > 0 && toAdmit > 0; burst--, toAdmit--) {
                    admit();
                }
                if (random.nextInt(12) == 0 && !expected.isEmpty()) {
                    cancel();
                }
                while (!spare.isEmpty() && scheduler.plan(spare.peek())) {
                    check(spare.peek().plan());
                    underWay.add(spare.remove());
                }
                idleRounds = underWay.isEmpty() && !scheduler.isIdle() ? idleRounds + 1 : 0;
                assertThat(idleRounds).as("rounds in which nothing moved").isLessThan(2);
                if (!underWay.isEmpty() && random.nextInt(3) > 0) {
                    device.run(underWay.peek().plan());
                    scheduler.commit(underWay.peek(), answers);
                    spare.add(underWay.remove());
                }
            }
            expected.forEach((id, answer) -> {
                assertThat(answers.tokens.get(id)).containsExactlyElementsOf(
                        Arrays.stream(answer.tokens).boxed().toList());
                assertThat(answers.reasons.get(id)).isEqualTo(answer.reason);
            });
            assertThat(scheduler.plan(new Step(config.tokenBudget(), config.maxSequences()))).isFalse();
            assertThat(scheduler.status().leak()).isNull();
            assertThat(scheduler.status().blocksUsed()).isZero();
            assertThat(blocks.referenced()).isZero();
            assertThat(scheduler.status().running() + scheduler.status().waiting()).isZero();
        }

        private void admit() {
            int[] prompt = random.ints(1 + random.nextInt(CONTEXT / 2), 0, vocabulary).toArray();
            if (random.nextBoolean()) {
                System.arraycopy(commonPrompt, 0, prompt, 0, random.nextInt(prompt.length + 1));
            }
            int maxTokens = 1 + random.nextInt(CONTEXT);
            var stopIds = random.nextBoolean() ? TokenSet.of(random.nextInt(vocabulary)) : TokenSet.EMPTY;
            int most = Math.min(maxTokens, CONTEXT - prompt.length);
            int[] answer = SimulatedDevice.expected(prompt, most, vocabulary, stretchedBeyond);
            int end = 0;
            while (end < most && !stopIds.contains(answer[end])) {
                end++;
            }
            var request = SequenceRequest.of(prompt, SamplingParams.greedy(), maxTokens, stopIds)
                    .withPriority(random.nextInt(3))
                    .withBackground(random.nextInt(3) == 0)
                    .withAlone(random.nextInt(15) == 0);
            scheduler.admit(++lastId, request);
            expected.put(lastId, new Expected(
                    request, Arrays.copyOf(answer, Math.min(end + 1, most)),
                    end < most ? FinishReason.STOP : FinishReason.LENGTH));
        }

        private void cancel() {
            var ids = new ArrayList<>(expected.keySet());
            long id = ids.get(random.nextInt(ids.size()));
            if (!answers.reasons.containsKey(id)) {
                scheduler.cancel(id);
                expected.remove(id);
                answers.reasons.put(id, FinishReason.LENGTH); // so that any later report fails the test
            }
        }

        private void check(StepPlan plan) {
            assertThat(scheduler.status().blocksUsed()).isBetween(1, config.kvBlocks());
            assertThat(plan.rows()).isBetween(1, config.tokenBudget());
            var slots = new HashSet<Integer>();
            int decodes = 0;
            boolean prefillSeen = false;
            for (int slice = 0; slice < plan.slices(); slice++) {
                assertThat(slots.add(plan.sliceSlots[slice])).as("one slice a slot").isTrue();
                assertThat(plan.sliceRows[slice]).isBetween(1, config.prefillChunk());
                boolean decode = plan.tokenIds[plan.sliceFirstRows[slice]] == StepPlan.NEWEST;
                assertThat(decode && prefillSeen).as("decode rows come first").isFalse();
                prefillSeen |= !decode;
                decodes += decode ? 1 : 0;
            }
            assertThat(plan.samples()).isGreaterThanOrEqualTo(decodes);
        }
    }
}
