package dev.flover.engine.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.PromptLogprobs;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.SlabShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// Random admissions and cancellations of many sequences on a simulated device, with one or two steps in flight.
class SchedulerProperties {
    private static final int CONTEXT = 64;
    /// More steps than any sequence needs for its next token after all others have been in its way.
    private static final int MOST_WITHOUT_REPORT = 2000;

    /// A sequence, and what was reported of it. It has to end unless it is cancelled.
    private static final class Life {
        final SequenceRequest request;
        final int[] answer;
        final FinishReason reason;
        int reported;
        int scored;
        boolean over;

        Life(SequenceRequest request, int[] answer, FinishReason reason) {
            this.request = request;
            this.answer = answer;
            this.reason = reason;
            reported = request.generatedIds().length;
            scored = Math.min(request.promptLogprobs().from(), request.promptIds().length);
        }
    }

    @Property(tries = 300, seed = "20260722")
    void everySequenceGetsItsOwnAnswerAndNothingIsLeftBehind(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 12) int maxSequences,
            @ForAll @IntRange(min = 0, max = 3) int blockTokensLog,
            @ForAll @IntRange(min = 1, max = 2) int stepsInFlight,
            @ForAll boolean prefixCaching) {
        var random = new Random(seed);
        int blockTokens = 1 << blockTokensLog;
        int most = Math.ceilDiv(CONTEXT - 1, blockTokens);
        int ofOne = 1 + random.nextInt(most); // the largest sequence
        int blocks = random.nextBoolean() ? ofOne + random.nextInt(ofOne + 1) : most + random.nextInt(60);
        int budget = maxSequences + random.nextInt(24);
        var config = EngineConfig.of(maxSequences, budget).with(c -> c.prefillChunk(1 + random.nextInt(budget))
                .blockTokens(blockTokens).kvBlocks(blocks).stepsInFlight(stepsInFlight)
                .prefixCaching(prefixCaching));
        int window = random.nextInt(3) > 0 ? 0 : 2 + random.nextInt(CONTEXT);
        int windowOfSome = window > 0 || random.nextInt(4) == 0 ? 0 : 2 + random.nextInt(CONTEXT);
        var shape = new SlabShape(1 + random.nextInt(5), windowOfSome == 0 ? 0 : 1 + random.nextInt(5));
        new Simulation(config, CONTEXT, new Windows(window, windowOfSome, shape), 8, 30, random).run();
    }

    /// Two block tables share a memory that is just enough for one sequence.
    @Property(tries = 1500, seed = "20261201")
    void everySequenceEndsInMemoryForOneOfThem(
            @ForAll long seed,
            @ForAll @IntRange(min = 2, max = 4) int maxSequences,
            @ForAll @IntRange(min = 0, max = 3) int blockTokensLog,
            @ForAll @IntRange(min = 2, max = 13) int blocks,
            @ForAll boolean prefixCaching) {
        var random = new Random(seed);
        int positions = blocks << blockTokensLog;
        int budget = maxSequences + random.nextInt(24);
        var config = EngineConfig.of(maxSequences, budget).with(c -> c.prefillChunk(1 + random.nextInt(budget))
                .blockTokens(1 << blockTokensLog).kvBlocks(blocks).stepsInFlight(1 + random.nextInt(2))
                .prefixCaching(prefixCaching));
        int several = 2 + random.nextInt(5);
        var shape = random.nextInt(4) > 0 ? new SlabShape(1, several) : new SlabShape(several, 1);
        int window = positions / 2 + random.nextInt(positions) + 1;
        new Simulation(config, positions + 1, new Windows(0, window, shape), 3, 5, random).run();
    }

    private static final class Simulation implements TokenSink {
        private final EngineConfig config;
        private final Random random;
        private final int context;
        private final int oneIsAloneOf;
        private final int vocabulary;
        private final int stretchedBeyond;
        private final SequenceBlocks blocks;
        private final Scheduler scheduler;
        private final SimulatedDevice device;
        private final Map<Long, Life> lives = new TreeMap<>();
        private final ArrayDeque<Step> underWay = new ArrayDeque<>();
        private final ArrayDeque<Step> spare = new ArrayDeque<>();
        private final int[] commonPrompt;
        private int toAdmit;
        /// Further ends from outside. They are few, because they would free sequences that hinder each other for ever.
        private int endsFromOutside;
        private long lastId;
        private long reportedInStep;
        private int notFinite;

        /// @param oneIsAloneOf one of so many sequences shares no step with others
        Simulation(EngineConfig config, int context, Windows windows, int oneIsAloneOf, int toAdmit, Random random) {
            this.config = config;
            this.context = context;
            this.oneIsAloneOf = oneIsAloneOf;
            this.toAdmit = toAdmit;
            endsFromOutside = toAdmit / 3;
            this.random = random;
            vocabulary = 2 + random.nextInt(20);
            commonPrompt = random.ints(context, 0, vocabulary).toArray();
            stretchedBeyond = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(context);
            int readFrom = 1 + random.nextInt(8);
            blocks = new SequenceBlocks(config, windows, readFrom);
            scheduler = new Scheduler(config, context, stretchedBeyond, blocks);
            var shape = windows.shape();
            device = new SimulatedDevice(vocabulary, shape, shape.slabsFor(config.kvBlocks()), config.blockTokens(),
                    config.maxSequences(), context, stretchedBeyond,
                    windows.ofSome() == 0 ? new int[] {windows.ofAll()} : new int[] {0, windows.ofSome()});
            for (int i = 0; i < config.stepsInFlight(); i++) {
                spare.add(new Step(config.tokenBudget(), config.maxSequences()));
            }
        }

        void run() {
            for (int idleRounds = 0; toAdmit > 0 || !scheduler.isIdle() || !underWay.isEmpty(); ) {
                for (int burst = random.nextInt(4); burst > 0 && toAdmit > 0; burst--) {
                    admit();
                }
                if (endsFromOutside > 0 && random.nextInt(12) == 0) {
                    endsFromOutside--;
                    cancel();
                }
                while (!spare.isEmpty() && scheduler.plan(spare.peek())) {
                    check(spare.peek().plan());
                    underWay.add(spare.remove());
                }
                idleRounds = underWay.isEmpty() && !scheduler.isIdle() ? idleRounds + 1 : 0;
                assertThat(idleRounds).as("rounds in which nothing moved").isLessThan(2);
                if (!underWay.isEmpty() && random.nextInt(3) > 0) {
                    end(underWay.peek());
                    spare.add(underWay.remove());
                }
                assertThat(scheduler.status().steps() - reportedInStep).as("steps in which nothing was reported")
                        .isLessThan(MOST_WITHOUT_REPORT);
            }
            assertThat(lives.values()).allMatch(life -> life.over);
            assertThat(scheduler.plan(new Step(config.tokenBudget(), config.maxSequences()))).isFalse();
            assertThat(scheduler.status().leak()).isNull();
            assertThat(scheduler.status().blocksUsed()).isZero();
            assertThat(blocks.referenced()).isZero();
            assertThat(scheduler.status().running() + scheduler.status().waiting()).isZero();
        }

        private void admit() {
            toAdmit--;
            int longest = random.nextInt(3) == 0 ? context - 1 : context / 2;
            int[] prompt = random.ints(1 + random.nextInt(longest), 0, vocabulary).toArray();
            if (random.nextBoolean()) {
                System.arraycopy(commonPrompt, 0, prompt, 0, random.nextInt(prompt.length + 1));
            }
            int maxTokens = 1 + random.nextInt(context);
            var stopIds = random.nextBoolean() ? TokenSet.of(random.nextInt(vocabulary)) : TokenSet.EMPTY;
            int most = Math.min(maxTokens, context - prompt.length);
            int[] answer = SimulatedDevice.expected(prompt, most, vocabulary, stretchedBeyond);
            int end = 0;
            while (end < most && !stopIds.contains(answer[end])) {
                end++;
            }
            int length = Math.min(end + 1, most);
            var request = SequenceRequest.of(prompt, SamplingParams.greedy(), maxTokens, stopIds)
                    .withPriority(random.nextInt(3))
                    .withBackground(random.nextInt(3) == 0)
                    .withAlone(random.nextInt(oneIsAloneOf) == 0);
            request = switch (random.nextInt(4)) {
                case 0 -> request.withGeneratedIds(Arrays.copyOf(answer, random.nextInt(length)));
                case 1 -> request.withPromptLogprobs(new PromptLogprobs(1 + random.nextInt(prompt.length), 0));
                default -> request;
            };
            int positions = Math.min(prompt.length + maxTokens, context) - 1;
            if (Math.ceilDiv(positions, config.blockTokens()) > config.kvBlocks()) {
                return; // it would be refused
            }
            scheduler.admit(++lastId, request);
            lives.put(lastId, new Life(request, Arrays.copyOf(answer, length),
                    end < most ? FinishReason.STOP : FinishReason.LENGTH));
        }

        private void cancel() {
            long[] ids = lives.entrySet().stream().filter(e -> !e.getValue().over).mapToLong(Map.Entry::getKey)
                    .toArray();
            if (ids.length > 0) {
                cancel(ids[random.nextInt(ids.length)]);
            }
        }

        private void cancel(long id) {
            scheduler.cancel(id);
            lives.get(id).over = true; // so that any later report fails the test
        }

        private void end(Step step) {
            device.run(step.plan());
            if (endsFromOutside > 0 && random.nextInt(50) == 0) {
                endsFromOutside--;
                notFinite++;
                step.plan().sampledTokens[random.nextInt(Math.max(1, step.plan().samples()))] = StepPlan.NOT_FINITE;
            }
            scheduler.commit(step, this);
            notFinite = 0;
        }

        @Override
        public void promptToken(long id, int position, int tokenId, float logprob, TopLogprobs alternatives) {
            var life = reported(id);
            int[] prompt = life.request.promptIds();
            assertThat(position).isEqualTo(life.scored++);
            assertThat(tokenId).isEqualTo(prompt[position]);
            assertThat(logprob).isEqualTo(SimulatedDevice.expectedLogprob(prompt, position, stretchedBeyond));
            act(id);
        }

        @Override
        public void token(long id, int index, int tokenId, float logprob, TopLogprobs alternatives) {
            var life = reported(id);
            assertThat(life.scored).as("scored tokens").isEqualTo(life.request.promptIds().length);
            assertThat(index).isEqualTo(life.reported++);
            assertThat(tokenId).isEqualTo(life.answer[index]);
            act(id);
        }

        @Override
        public void finished(long id, FinishReason reason) {
            var life = reported(id);
            life.over = true;
            if (reason == FinishReason.NOT_FINITE) {
                assertThat(notFinite--).isPositive();
            } else {
                assertThat(reason).isEqualTo(life.reason);
                assertThat(life.reported).isEqualTo(life.answer.length);
            }
            act(id);
        }

        private Life reported(long id) {
            var life = lives.get(id);
            assertThat(life.over).as("reports after the end of " + id).isFalse();
            reportedInStep = scheduler.status().steps();
            return life;
        }

        /// Cancels or admits a sequence during a report, as a sink may.
        private void act(long id) {
            switch (random.nextInt(150)) {
                case 0 -> cancel();
                case 1 -> {
                    if (!lives.get(id).over) {
                        cancel(id);
                    }
                }
                case 2, 3, 4 -> {
                    if (toAdmit > 0) {
                        admit();
                    }
                }
                default -> { }
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
