package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.Generations.Outcome;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.PromptLogprobs;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.LogitBias;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The guarantees of an engine on any backend: the tokens and logprobs of a sequence have the same bits, whatever other
/// sequences run with it. A subclass opens the backend. The expected bits come from the same backend with one sequence
/// at a time, whole prompts in one step, one step in flight and no sharing of blocks.
public abstract class EngineContract {
    private static final EngineConfig ALONE = EngineConfig.of(1, 256)
            .withKvBlocks(16)
            .withStepsInFlight(1)
            .withPrefixCaching(false);

    protected abstract BackendGroup open();

    static Stream<Named<Model>> families() {
        return Stream.of(
                Named.of("llama", TinyModels.llama(11, TensorType.F32)),
                Named.of("llama in Q8_0", TinyModels.llama(12, TensorType.Q8_0)),
                Named.of("gpt_neox", TinyModels.neox(13)),
                Named.of("gpt2", TinyModels.gpt2(14)),
                Named.of("gemma2", TinyModels.gemma(15)));
    }

    private static Model model() {
        return TinyModels.llama(21, TensorType.F32);
    }

    @ParameterizedTest
    @MethodSource("families")
    void everyFamilyGivesTheSameBitsAloneAndAmongOthers(Model model) {
        var requests = new RandomRequests(7, TinyModels.VOCABULARY).take(24);
        var expected = eachAlone(model, requests);
        var config = EngineConfig.of(8, 24).withPrefillChunk(7).withBlockTokens(8).withKvBlocks(120);
        assertThat(together(model, requests, config, 7).outcomes).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 256})
    void promptsCutIntoChunksGiveTheSameBits(int prefillChunk) {
        var requests = new RandomRequests(prefillChunk, TinyModels.VOCABULARY).take(24);
        var expected = eachAlone(model(), requests);
        for (int stepsInFlight = 1; stepsInFlight <= 2; stepsInFlight++) {
            var config = EngineConfig.of(16, 256).withPrefillChunk(prefillChunk).withKvBlocks(200)
                    .withStepsInFlight(stepsInFlight).withPrefixCaching(prefillChunk == 64);
            assertThat(together(model(), requests, config, prefillChunk).outcomes).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void sixtyFourSequencesThatJoinAndLeaveAtRandomDoNotChangeEachOther(long seed) {
        var requests = new RandomRequests(seed, TinyModels.VOCABULARY).take(64);
        var expected = eachAlone(model(), requests);
        var run = together(model(), requests, EngineConfig.of(64, 96).withPrefillChunk(16).withBlockTokens(8)
                .withKvBlocks(700), seed);
        assertThat(run.outcomes).isEqualTo(expected);
        assertThat(run.status.slotMoves()).as("slots were compacted").isPositive();
        assertThat(run.status.prefixHits()).as("prefixes were shared").isPositive();
        assertThat(run.status.discardedRows()).as("rows of ended sequences").isPositive();
        assertThat(run.status.blocksUsed()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void sequencesPreemptedWhenBlocksRunOutGiveTheSameBits(long seed) {
        var requests = new RandomRequests(seed, TinyModels.VOCABULARY).take(32);
        var expected = eachAlone(model(), requests);
        for (int stepsInFlight = 1; stepsInFlight <= 2; stepsInFlight++) {
            boolean prefixCaching = seed % 2 == 0;
            var config = EngineConfig.of(32, 64).withPrefillChunk(16).withBlockTokens(4).withKvBlocks(40)
                    .withStepsInFlight(stepsInFlight).withPrefixCaching(prefixCaching);
            var run = together(model(), requests, config, seed);
            assertThat(run.outcomes).isEqualTo(expected);
            assertThat(run.status.preemptions()).as("preemptions").isPositive();
            assertThat(run.status.blocksUsed()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aSequenceResumedFromAnyOfItsTokensContinuesWithTheSameBits(long seed) {
        var model = model();
        var requests = new RandomRequests(seed, TinyModels.VOCABULARY).take(6);
        var whole = eachAlone(model, requests);
        var resumed = new ArrayList<SequenceRequest>();
        var expected = new HashMap<Integer, Outcome>();
        for (int i = 0; i < requests.size(); i++) {
            for (int count = 0; count < whole.get(i).tokens().size(); count++) {
                expected.put(resumed.size(), whole.get(i).after(count));
                resumed.add(Generations.resumed(requests.get(i), whole.get(i), count));
            }
        }
        var run = together(model, resumed, EngineConfig.of(16, 64).withPrefillChunk(16).withBlockTokens(8)
                .withKvBlocks(150), seed);
        assertThat(run.outcomes).isEqualTo(expected);
    }

    @Test
    void aSequenceThatRunsAloneSharesNoStepAndGivesTheSameBits() {
        var requests = new ArrayList<SequenceRequest>();
        for (var request : new RandomRequests(5, TinyModels.VOCABULARY).take(12)) {
            requests.add(request.withAlone(true));
        }
        var run = together(model(), requests, EngineConfig.of(4, 64).withBlockTokens(8).withKvBlocks(100)
                .withPrefixCaching(false), 5);
        assertThat(run.outcomes).isEqualTo(eachAlone(model(), requests));
        long least = run.outcomes.values().stream().mapToInt(outcome -> outcome.tokens().size()).sum();
        assertThat(run.status.steps()).isGreaterThanOrEqualTo(least);
    }

    @Test
    void answersToOnePromptShareItsFullBlocksAndAreThoseOfSingleRequests() {
        int[] prompt = new Random(3).ints(67, 0, TinyModels.VOCABULARY).toArray();
        int answers = 8;
        var ids = new long[answers];
        var requests = new ArrayList<SequenceRequest>();
        var generations = new Generations();
        try (var model = model();
                var engine = Engine.start(model, open(), EngineConfig.of(8, 64).withPrefillChunk(16)
                        .withBlockTokens(8).withKvBlocks(100))) {
            for (int answer = 0; answer < answers; answer++) {
                var request = SequenceRequest.of(prompt, SamplingParams.sampled(1, 9), 5, TokenSet.EMPTY)
                        .withAnswerIndex(answer);
                ids[answer] = engine.admit(request);
                generations.expect(ids[answer], request);
                requests.add(request);
            }
            int most = 0;
            while (engine.step(generations)) {
                most = Math.max(most, engine.status().blocksUsed());
            }
            int full = prompt.length / 8;
            assertThat(most).isEqualTo(full + answers);
            assertThat(engine.status().prefixHits()).isEqualTo((answers - 1L) * full * 8);
        }
        var single = eachAlone(model(), requests);
        for (int answer = 0; answer < answers; answer++) {
            assertThat(generations.outcome(ids[answer])).isEqualTo(single.get(answer));
        }
        assertThat(single.values()).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 256})
    void aPromptIsScoredWithTheSameBitsHoweverItIsCutAndThoughItsBlocksAreThere(int prefillChunk) {
        int[] prompt = new Random(3).ints(101, 0, TinyModels.VOCABULARY).toArray();
        var plain = SequenceRequest.of(prompt, SamplingParams.greedy(), 3, TokenSet.EMPTY);
        var scored = SequenceRequest.of(prompt, SamplingParams.greedy(), 3, TokenSet.EMPTY)
                .withPromptLogprobs(new PromptLogprobs(1, 5));
        var expected = eachAlone(model(), List.of(scored)).get(0);
        assertThat(expected.prompt()).hasSize(100 * (3 + 2 * 5));
        var generations = new Generations();
        try (var model = model();
                var engine = Engine.start(model, open(), EngineConfig.of(3, 256).withPrefillChunk(prefillChunk)
                        .withBlockTokens(8).withKvBlocks(90))) {
            long first = engine.admit(plain);
            generations.expect(first, plain);
            while (!generations.hasFinished(first)) {
                engine.step(generations);
            }
            long[] later = {engine.admit(scored), engine.admit(plain), engine.admit(scored)};
            for (long id : later) {
                generations.expect(id, scored);
            }
            while (engine.step(generations)) {
                assertThat(engine.status().blocksUsed()).isLessThanOrEqualTo(3 * 13);
            }
            assertThat(generations.outcome(later[0])).isEqualTo(expected);
            assertThat(generations.outcome(later[2])).isEqualTo(expected);
            assertThat(generations.outcome(later[1]).tokens()).isEqualTo(expected.tokens());
            assertThat(generations.outcome(later[1]).prompt()).isEmpty();
            assertThat(engine.status().prefixHits()).as("of the one that asked for nothing").isEqualTo(96);
        }
    }

    @Test
    void aPromptIsScoredFromWhereItIsAskedFor() {
        int[] prompt = new Random(4).ints(60, 0, TinyModels.VOCABULARY).toArray();
        var whole = eachAlone(model(), List.of(scoredFrom(prompt, 1))).get(0).prompt();
        for (int from : new int[] {2, 31, 59, 60}) {
            var rest = eachAlone(model(), List.of(scoredFrom(prompt, from))).get(0).prompt();
            assertThat(rest).isEqualTo(whole.subList(5 * (from - 1), whole.size()));
        }
    }

    private static SequenceRequest scoredFrom(int[] prompt, int from) {
        return SequenceRequest.of(prompt, SamplingParams.sampled(1, 3), 2, TokenSet.EMPTY)
                .withPromptLogprobs(new PromptLogprobs(from, 1));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void answersWithAConstraintFitItAndKeepTheirBitsAmongOthers(long seed) throws IOException {
        var model = model();
        var requests = new ArrayList<SequenceRequest>();
        for (var request : new RandomRequests(seed, TinyModels.VOCABULARY).take(24)) {
            int i = requests.size();
            requests.add(i % 3 != 0 ? request : fitting(request.promptIds(), SamplingParams.sampled(1.5f, seed + i)));
        }
        var alone = eachAlone(model, requests);
        for (int i = 0; i < requests.size(); i += 3) {
            assertThat(alone.get(i).reason()).isEqualTo(FinishReason.STOP);
            var written = new ObjectMapper().readTree(new LetterTokens().decode(alone.get(i).tokenIds()));
            assertThat(written.get("kind").asText()).isIn("a", "bc");
            assertThat(written.get("size").asInt()).isBetween(3, 40);
        }
        var run = together(model, requests, EngineConfig.of(16, 64).withPrefillChunk(16).withBlockTokens(4)
                .withKvBlocks(38), seed);
        assertThat(run.outcomes).isEqualTo(alone);
        assertThat(run.status.preemptions()).as("preemptions").isPositive();
    }

    @Test
    void anAnswerWithAConstraintThatIsResumedContinuesWithTheSameBits() {
        var whole = fitting(new int[] {5, 6, 7}, SamplingParams.sampled(1.5f, 3));
        var outcome = eachAlone(model(), List.of(whole)).get(0);
        var resumed = new ArrayList<SequenceRequest>();
        var expected = new HashMap<Integer, Outcome>();
        for (int count = 0; count < outcome.tokens().size(); count++) {
            expected.put(count, outcome.after(count));
            resumed.add(Generations.resumed(whole, outcome, count));
        }
        assertThat(together(model(), resumed, EngineConfig.of(8, 64).withPrefillChunk(16).withBlockTokens(8)
                .withKvBlocks(100), 3).outcomes)
                .isEqualTo(expected);
    }

    @Test
    void anAnswerThatNothingContinuesEndsAloneAndSaysSo() {
        var other = SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.greedy(), 12, TokenSet.EMPTY);
        var fitting = fitting(new int[] {1}, SamplingParams.greedy());
        var astray = fitting.withGeneratedIds(new int[] {3}).withMaxTokens(90);
        try (var model = model()) {
            var alone = eachAlone(model, List.of(other));
            var run = together(model, List.of(other, astray), EngineConfig.of(4, 16).withBlockTokens(8)
                    .withKvBlocks(40).withPrefixCaching(false), 1);
            assertThat(run.outcomes.get(1).reason()).isEqualTo(FinishReason.NOTHING_FITS);
            assertThat(run.outcomes.get(0)).isEqualTo(alone.get(0));
        }
    }

    @Test
    void whatContradictsAConstraintIsRefused() {
        var fitting = fitting(new int[] {1}, SamplingParams.greedy());
        try (var model = model(); var engine = Engine.start(model, open(), ALONE)) {
            assertThatThrownBy(() -> engine.admit(SequenceRequest.of(new int[] {1}, SamplingParams.greedy(), 9,
                    TokenSet.EMPTY).withConstraint(fitting.constraint())))
                    .hasMessageContaining("needs at least one stop id");
            assertThatThrownBy(() -> engine.admit(SequenceRequest.of(new int[] {1}, SamplingParams.greedy(), 9,
                    TokenSet.of(3)).withConstraint(fitting.constraint())))
                    .hasMessageContaining("stop id 3 is a text token");
        }
    }

    private static SequenceRequest fitting(int[] prompt, SamplingParams sampling) {
        var constraint = new ConstraintCompiler(new LetterTokens()).compile(new ConstraintSource.JsonSchema("""
                {"type": "object", "properties": {"kind": {"enum": ["a", "bc"]}, "size": {"type": "integer",
                 "minimum": 3, "maximum": 40}, "tags": {"type": "array", "items": {"type": "string", "maxLength": 3},
                 "maxItems": 2}}, "required": ["kind", "size"], "additionalProperties": false}""", false));
        return SequenceRequest.of(prompt, sampling, 90, TokenSet.of(LetterTokens.END)).withConstraint(constraint);
    }

    @Test
    void logitsThatAreNotNumbersEndOnlyTheirOwnSequence() {
        var good = SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.greedy(), 12, TokenSet.EMPTY);
        var poisoned = SequenceRequest.of(new int[] {4, 95, 6}, SamplingParams.greedy(), 12, TokenSet.EMPTY);
        try (var model = TinyModels.poisoned(31, 95)) {
            var expected = eachAlone(model, List.of(good, poisoned));
            assertThat(expected.get(1).reason()).isEqualTo(FinishReason.NOT_FINITE);
            assertThat(expected.get(0).tokens()).hasSize(12);
            var run = together(model, List.of(good, poisoned), EngineConfig.of(4, 16).withBlockTokens(8)
                    .withKvBlocks(40).withPrefixCaching(false), 1);
            assertThat(run.outcomes).isEqualTo(expected);
        }
    }

    @Test
    void answersEndAtStopIdsMaximumAndContext() {
        var free = SequenceRequest.of(new int[] {5, 6, 7}, SamplingParams.greedy(), 1000, TokenSet.EMPTY);
        var toContext = eachAlone(model(), List.of(free)).get(0);
        assertThat(toContext.reason()).isEqualTo(FinishReason.LENGTH);
        assertThat(toContext.tokens()).hasSize(TinyModels.CONTEXT - 3);

        int stop = toContext.tokens().get(9);
        int firstAt = toContext.tokens().indexOf(stop);
        var stopping = SequenceRequest.of(free.promptIds(), free.sampling(), 50, TokenSet.of(stop));
        var stopped = eachAlone(model(), List.of(stopping)).get(0);
        assertThat(stopped.reason()).isEqualTo(FinishReason.STOP);
        assertThat(stopped.tokens()).isEqualTo(toContext.tokens().subList(0, firstAt + 1));
    }

    @Test
    void cancelledSequencesAreSilentAndLeaveNothingBehind() {
        var request = SequenceRequest.of(new int[] {1, 2, 3, 4, 5}, SamplingParams.greedy(), 100, TokenSet.EMPTY);
        var generations = new Generations();
        try (var model = model();
                var engine = Engine.start(model, open(), EngineConfig.of(2, 8).withPrefillChunk(4)
                        .withBlockTokens(4).withKvBlocks(60))) {
            long cancelled = engine.admit(request);
            long waiting = engine.admit(request);
            generations.expect(cancelled, request);
            generations.expect(waiting, request);
            while (generations.reported(cancelled) < 3) {
                engine.step(generations);
            }
            engine.cancel(cancelled);
            engine.cancel(waiting);
            engine.cancel(12345);
            int reported = generations.reported(cancelled);
            while (engine.step(generations)) {
                assertThat(generations.reported(cancelled)).isEqualTo(reported);
            }
            assertThat(generations.hasFinished(cancelled)).isFalse();
            assertThat(engine.status().blocksUsed()).isZero();
            assertThat(engine.status().running()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aSequenceJoinsBehindTheStepsUnderWay(int underWay) {
        var request = SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.greedy(), 100, TokenSet.EMPTY);
        var generations = new Generations();
        try (var model = model();
                var engine = Engine.start(model, open(), EngineConfig.of(2, 8).withPrefillChunk(4)
                        .withBlockTokens(4).withKvBlocks(60))) {
            generations.expect(engine.admit(request), request);
            engine.pump(generations, 1);
            if (underWay == 2) {
                engine.launch(2);
            }
            long joins = engine.admit(request);
            generations.expect(joins, request);
            while (generations.reported(joins) == 0) {
                engine.await();
                engine.pump(generations, 1); // one step at a time, so that no two can end before the next check
            }
            assertThat(engine.status().steps()).isEqualTo(underWay + 1);
        }
    }

    @Test
    void whatCanNeverBeComputedIsRefusedWithTheReason() {
        try (var model = model();
                var engine = Engine.start(model, open(), EngineConfig.of(2, 8).with(c -> c.prefillChunk(4)
                        .blockTokens(4).kvBlocks(10).stepsInFlight(1)))) {
            var greedy = SamplingParams.greedy();
            assertThatThrownBy(() -> engine.admit(SequenceRequest.of(new int[] {96}, greedy, 3, TokenSet.EMPTY)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("token id 96");
            assertThatThrownBy(() -> engine.admit(SequenceRequest.of(new int[160], greedy, 3, TokenSet.EMPTY)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("context of 160");
            assertThatThrownBy(() -> engine.admit(SequenceRequest.of(new int[30], greedy, 12, TokenSet.EMPTY)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("11 KV blocks");
            var banned = SamplingParams.greedy()
                    .withLogitBias(new LogitBias(new int[] {4}, new float[] {Float.NEGATIVE_INFINITY}))
                    .withAllowedOnly(TokenSet.of(4));
            assertThatThrownBy(() -> engine.admit(SequenceRequest.of(new int[3], banned, 2, TokenSet.EMPTY)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no token");
            assertThat(engine.pump(new Generations())).isFalse();
        }
    }

    // Running engines

    private Map<Integer, Outcome> eachAlone(Model model, List<SequenceRequest> requests) {
        var generations = new Generations();
        var outcomes = new HashMap<Integer, Outcome>();
        try (var engine = Engine.start(model, open(), ALONE)) {
            for (int i = 0; i < requests.size(); i++) {
                long id = engine.admit(requests.get(i));
                generations.expect(id, requests.get(i));
                while (engine.step(generations)) {
                    assertThat(engine.status().running()).isLessThanOrEqualTo(1);
                }
                outcomes.put(i, generations.outcome(id));
            }
        }
        return outcomes;
    }

    private record Run(Map<Integer, Outcome> outcomes, EngineStatus status) {}

    /// Runs all requests in one engine, admitted in random order at random steps, together with other sequences that
    /// are cancelled at random steps.
    private Run together(Model model, List<SequenceRequest> requests, EngineConfig config, long seed) {
        var random = new Random(seed);
        var disturbers = new RandomRequests(~seed, TinyModels.VOCABULARY);
        var generations = new Generations();
        var order = new ArrayList<Integer>();
        for (int i = 0; i < requests.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        var ids = new long[requests.size()];
        var cancellable = new ArrayList<Long>();
        try (var engine = Engine.start(model, open(), config)) {
            boolean more = true;
            for (int next = 0; more || next < order.size(); ) {
                for (int burst = random.nextInt(4); burst > 0 && next < order.size(); burst--) {
                    int i = order.get(next++);
                    ids[i] = engine.admit(requests.get(i));
                    generations.expect(ids[i], requests.get(i));
                }
                if (next < order.size() && random.nextInt(3) == 0) {
                    var disturber = disturbers.next();
                    long id = engine.admit(disturber);
                    generations.expect(id, disturber);
                    cancellable.add(id);
                }
                if (!cancellable.isEmpty() && random.nextInt(6) == 0) {
                    engine.cancel(cancellable.remove(random.nextInt(cancellable.size())));
                }
                if (random.nextInt(4) == 0) {
                    engine.await();
                    engine.pump(generations, 1);
                }
                more = engine.step(generations);
            }
            var outcomes = new HashMap<Integer, Outcome>();
            for (int i = 0; i < ids.length; i++) {
                outcomes.put(i, generations.outcome(ids[i]));
            }
            return new Run(outcomes, engine.status());
        }
    }
}
