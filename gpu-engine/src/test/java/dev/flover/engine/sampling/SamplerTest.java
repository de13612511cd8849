package dev.flover.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
    private static final int VOCABULARY = 48;
    private static final int[] ENDING = {7, 9};

    private static SamplingParams params(int topK, double topP, double minP, double typicalP) {
        return SamplingParams.greedy().with(s -> s.temperature(0.8f).topK(topK).topP((float) topP)
                .minP((float) minP).typicalP((float) typicalP));
    }

    private static SamplingParams withSeed(SamplingParams p, long seed) {
        return p.withSeed(seed);
    }

    static Stream<Named<SamplingParams>> options() {
        var bias = new LogitBias(new int[] {2, 11, 30}, new float[] {3, Float.NEGATIVE_INFINITY, -2});
        return Stream.of(
                Named.of("temperature", SamplingParams.sampled(1.3f, 0)),
                Named.of("top-k", params(5, 1, 0, 1)),
                Named.of("top-k of one", params(1, 1, 0, 1)),
                Named.of("top-p", params(0, 0.9, 0, 1)),
                Named.of("top-p, nearly nothing", params(0, 1e-6, 0, 1)),
                Named.of("min-p", params(0, 1, 0.15, 1)),
                Named.of("min-p of one", params(0, 1, 1, 1)),
                Named.of("typical-p", params(0, 1, 0, 0.7)),
                Named.of("top-n-sigma", params(0, 1, 0, 1).withTopNSigma(1)),
                Named.of("top-n-sigma of masked logits", params(0, 1, 0, 1).withTopNSigma(0.7f)
                        .withAllowedOnly(TokenSet.of(2, 3, 5, 7, 11, 13))),
                Named.of("all filters", params(20, 0.95, 0.02, 0.9).withTopNSigma(1.5f)),
                Named.of("penalties", SamplingParams.greedy().with(s -> s.repetitionPenalty(1.4f)
                        .presencePenalty(0.7f).frequencyPenalty(0.3f).temperature(1))),
                Named.of("rewards", SamplingParams.greedy().with(s -> s.repetitionPenalty(0.8f)
                        .presencePenalty(-0.7f).frequencyPenalty(-0.3f).temperature(1).topK(10))),
                Named.of("bias", SamplingParams.greedy().withRepetitionPenalty(1.2f).withTemperature(1)
                        .withLogitBias(bias)),
                Named.of("allowed only", SamplingParams.greedy().with(s -> s.temperature(1).topP(0.9f)
                        .logitBias(bias).allowedOnly(TokenSet.of(2, 3, 5, 7, 11, 13)))),
                Named.of("minimum tokens", SamplingParams.greedy().withTemperature(1.5f).withMinTokens(20)),
                Named.of("greedy with penalties", SamplingParams.greedy().with(s -> s.repetitionPenalty(1.5f)
                        .presencePenalty(0.5f).frequencyPenalty(0.5f).logitBias(bias).minTokens(20))));
    }

    /// Compares draws with the plain model by Pearson's chi-square test at a significance of 1e-5. The drawn tokens
    /// must also be exactly those with a probability above 0.
    @ParameterizedTest
    @MethodSource("options")
    void drawsFromExactlyTheDistributionOfThePlainModel(SamplingParams params) {
        var random = new Random(17);
        float[] logits = randomLogits(random, VOCABULARY);
        int[] prompt = {1, 2, 3, 4, 5, 5, 5, 6};
        int[] answer = {4, 4, 8, 20, 20, 20};
        double[] expected = PlainSampler.distribution(logits, params, prompt, answer, ENDING);
        int draws = 20_000;
        var counts = new int[VOCABULARY];
        for (int seed = 0; seed < draws; seed++) {
            counts[draw(logits, withSeed(params, seed), prompt, answer)]++;
        }
        double statistic = 0;
        int cells = 0;
        double restExpected = 0;
        int restCount = 0;
        for (int id = 0; id < VOCABULARY; id++) {
            if (expected[id] == 0) {
                assertThat(counts[id]).as("token " + id + " cannot be drawn").isZero();
            } else if (expected[id] * draws < 5) {
                restExpected += expected[id] * draws;
                restCount += counts[id];
            } else {
                statistic += Math.pow(counts[id] - expected[id] * draws, 2) / (expected[id] * draws);
                cells++;
            }
        }
        if (restExpected > 1) {
            statistic += Math.pow(restCount - restExpected, 2) / restExpected;
            cells++;
        }
        assertThat(statistic).isLessThanOrEqualTo(cells == 1 ? 1e-9 : criticalValue(cells - 1));
    }

    /// The chi-square quantile at 1 - 1e-5, by the approximation of Wilson and Hilferty.
    private static double criticalValue(int degrees) {
        double a = 2.0 / (9 * degrees);
        return degrees * Math.pow(1 - a + 4.265 * Math.sqrt(a), 3);
    }

    @ParameterizedTest
    @CsvSource({"1, 300, 200", "2, 300, 200", "3, 6000, 20", "4, 6000, 20"})
    void filtersKeepExactlyTheSetsOfThePlainModel(long seed, int vocabulary, int rounds) {
        var random = new Random(seed);
        var filters = new Filters(vocabulary);
        var masses = new Masses(vocabulary);
        for (int round = 0; round < rounds; round++) {
            float[] logits = randomLogits(random, vocabulary);
            var params = params(
                    random.nextBoolean() ? 1 + random.nextInt(random.nextBoolean() ? 30 : vocabulary) : 0,
                    random.nextBoolean() ? 0.05 + 0.9 * random.nextDouble() : 1,
                    random.nextBoolean() ? 0.3 * random.nextDouble() : 0,
                    random.nextBoolean() ? 0.05 + 0.9 * random.nextDouble() : 1)
                    .withTopNSigma(random.nextBoolean() ? 3 * random.nextFloat() : 0);
            var expected = new TreeSet<Integer>();
            double[] distribution = PlainSampler.distribution(logits, params, new int[0], new int[0], new int[0]);
            float greatest = Float.NEGATIVE_INFINITY;
            for (int id = 0; id < vocabulary; id++) {
                greatest = Math.max(greatest, logits[id]);
                if (distribution[id] > 0) {
                    expected.add(id);
                }
            }
            var row = MemorySegment.ofArray(logits);
            masses.weigh(new PlainLogitPasses(), row, greatest, params.temperature());
            filters.apply(params, masses, row, greatest);
            long left = masses.total();
            var kept = new TreeSet<Integer>();
            for (int id = 0; id < vocabulary; id++) {
                if (masses.chunkTotal(id / LogitPasses.CHUNK) > 0 && masses.get(id) > 0) {
                    left -= (long) masses.get(id);
                    kept.add(id);
                }
            }
            assertThat(kept).as("seed " + seed + " round " + round + " " + params).isEqualTo(expected);
            assertThat(left).as("the total told is the sum").isZero();
        }
    }

    /// The expected tokens were computed with NumPy by top_n_sigma.py.
    @ParameterizedTest
    @ValueSource(floats = {0.7f, 1, 3})
    void topNSigmaKeepsTheTokensThatNumPyKeepsAtAnyTemperature(float temperature) throws IOException {
        var cases = new ObjectMapper().readTree(SamplerTest.class.getResourceAsStream("/sampling/top_n_sigma.json"));
        assertThat(cases).isNotEmpty();
        for (var stored : cases) {
            float[] logits = new float[stored.get("logits").size()];
            float greatest = Float.NEGATIVE_INFINITY;
            for (int id = 0; id < logits.length; id++) {
                var logit = stored.get("logits").get(id);
                logits[id] = logit.isNull() ? Float.NEGATIVE_INFINITY : logit.floatValue();
                greatest = Math.max(greatest, logits[id]);
            }
            var params = SamplingParams.sampled(temperature, 0).withTopNSigma(stored.get("n").floatValue());
            var row = MemorySegment.ofArray(logits);
            var masses = new Masses(logits.length);
            masses.weigh(new PlainLogitPasses(), row, greatest, temperature);
            new Filters(logits.length).apply(params, masses, row, greatest);

            var kept = IntStream.range(0, logits.length)
                    .filter(id -> masses.chunkTotal(id / LogitPasses.CHUNK) > 0 && masses.get(id) > 0).boxed().toList();
            var expected = new ArrayList<Integer>();
            stored.get("kept").forEach(id -> expected.add(id.intValue()));
            assertThat(kept).as("n " + params.topNSigma()).isEqualTo(expected);
        }
    }

    @Test
    void manyLightTokensAreMoreTypicalThanOneHeavyToken() {
        var logits = new float[1000];
        Arrays.fill(logits, (float) (0.8 * Math.log(0.7 / 999)));
        logits[0] = (float) (0.8 * Math.log(0.3));
        var sampler = new Sampler(1000);
        for (int seed = 0; seed < 200; seed++) {
            int token = sample(sampler, logits, 0, state(withSeed(params(0, 1, 0, 0.2), seed)));
            // the tokens with the first 0.2 of the mass, in vocabulary order
            assertThat(token).as("seed " + seed).isBetween(1, 286);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1023, 1024, 1025, 5000})
    void tiesGoToTheLowestTokenId(int vocabulary) {
        var logits = new float[vocabulary];
        Arrays.fill(logits, -1.5f);
        int[] best = {vocabulary / 3, vocabulary - 1};
        for (int id : best) {
            logits[id] = 2;
        }
        var sampler = new Sampler(vocabulary);
        assertThat(sample(sampler, logits, 0, state(SamplingParams.greedy()))).isEqualTo(best[0]);
        assertThat(sample(sampler, logits, 0, state(params(1, 1, 0, 1)))).isEqualTo(best[0]);
        assertThat(sample(sampler, logits, 0, state(params(0, 1e-6, 0, 1)))).isEqualTo(best[0]);
    }

    @Test
    void zeroOfEitherSignIsTheSameLogit() {
        var sampler = new Sampler(3);
        assertThat(sample(sampler, new float[] {-1, -0f, 0f}, 0, state(SamplingParams.greedy()))).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void logitsThatAreNotNumbersAreReported(float bad) {
        for (int at : new int[] {0, 1500, 2999}) {
            var logits = randomLogits(new Random(at), 3000);
            logits[at] = bad;
            var sampler = new Sampler(3000);
            assertThat(sample(sampler, logits, 0, state(SamplingParams.greedy()))).isEqualTo(Sampler.NOT_FINITE);
            assertThat(sample(sampler, logits, 0, state(SamplingParams.sampled(1, 4)))).isEqualTo(Sampler.NOT_FINITE);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 30})
    void logprobsAreTheLogSoftmaxOfTheCappedLogitsWhateverTheOptions(float softCap) {
        float[] logits = randomLogits(new Random(5), VOCABULARY);
        var capped = new double[VOCABULARY];
        for (int i = 0; i < VOCABULARY; i++) {
            capped[i] = softCap == 0 ? logits[i] : softCap * Math.tanh(logits[i] / softCap);
        }
        double[] expected = PlainSampler.softmax(capped);
        var params = SamplingParams.sampled(0.7f, 3).with(s -> s.repetitionPenalty(1.5f).presencePenalty(1)
                .frequencyPenalty(1).topK(9).topP(0.9f).topLogprobs(20));
        var sampler = new Sampler(VOCABULARY);
        var tokens = new int[40];
        var logprobs = new float[40];
        int token = sampler.sample(MemorySegment.ofArray(logits), 0, softCap, state(params), tokens, logprobs, 20);
        assertThat((double) sampler.logprob()).isCloseTo(Math.log(expected[token]), within(1e-5));
        var seen = new TreeSet<Integer>();
        for (int rank = 0; rank < 20; rank++) {
            assertThat((double) logprobs[20 + rank]).isCloseTo(Math.log(expected[tokens[20 + rank]]), within(1e-5));
            assertThat(rank == 0 || logprobs[19 + rank] >= logprobs[20 + rank]).isTrue();
            seen.add(tokens[20 + rank]);
        }
        double least = expected[tokens[39]];
        for (int id = 0; id < VOCABULARY; id++) {
            assertThat(seen.contains(id) || expected[id] <= least).isTrue();
        }
    }

    @Test
    void greedyTokensDoNotDependOnWhetherLogprobsAreAsked() {
        var random = new Random(8);
        var sampler = new Sampler(2000);
        var asked = SamplingParams.greedy().withTopLogprobs(3);
        for (int round = 0; round < 50; round++) {
            float[] logits = randomLogits(random, 2000);
            int token = sample(sampler, logits, 0, state(SamplingParams.greedy()));
            assertThat(sampler.logprob()).isNaN();
            assertThat(sample(sampler, logits, 0, state(asked))).isEqualTo(token);
            assertThat(sampler.logprob()).isNegative();
        }
    }

    /// Until the compiler is done with a draw, it may allocate; if it always did, every window would show it.
    @Test
    void drawingAllocatesNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        var sampler = new Sampler(VOCABULARY);
        var row = MemorySegment.ofArray(randomLogits(new Random(2), VOCABULARY));
        var greedy = state(SamplingParams.greedy());
        var full = state(SamplingParams.greedy().with(s -> s.repetitionPenalty(1.2f).presencePenalty(0.1f)
                .frequencyPenalty(0.1f).temperature(0.9f).topK(30).topP(0.95f).minP(0.01f).typicalP(0.95f)
                .seed(1).topNSigma(3).topLogprobs(5).allowedOnly(TokenSet.of(1, 2, 3, 40)).minTokens(3)));
        var tokens = new int[20];
        var logprobs = new float[20];
        long least = Long.MAX_VALUE;
        for (int window = 0; window < 200 && least > 0; window++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int round = 0; round < 1_000; round++) {
                sampler.sample(row, 0, 0, greedy, tokens, logprobs, 0);
                sampler.sample(row, 0, 0, full, tokens, logprobs, 0);
                sampler.sample(row, 0, 30, full, tokens, logprobs, 0);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes of 1,000 rounds").isZero();
    }

    private static float[] randomLogits(Random random, int count) {
        var logits = new float[count];
        for (int i = 0; i < count; i++) {
            logits[i] = (float) (2.5 * random.nextGaussian());
        }
        return logits;
    }

    private static SamplingState state(SamplingParams params) {
        var state = new SamplingState();
        state.begin(new int[] {0}, 1, 0, params, new int[0]);
        return state;
    }

    private static int sample(Sampler sampler, float[] logits, float softCap, SamplingState state) {
        return sampler.sample(MemorySegment.ofArray(logits), 0, softCap, state, new int[20], new float[20], 0);
    }

    private final Sampler drawing = new Sampler(VOCABULARY);
    private final SamplingState drawn = new SamplingState();

    /// Draws one token. Some of the answer's first tokens are given to `begin` and the others are appended; both ways
    /// must count the same.
    private int draw(float[] logits, SamplingParams params, int[] prompt, int[] answer) {
        int existing = (int) (params.seed() % (answer.length + 1));
        var history = Arrays.copyOf(prompt, prompt.length + existing);
        System.arraycopy(answer, 0, history, prompt.length, existing);
        drawn.begin(history, prompt.length, 0, params, ENDING);
        for (int i = existing; i < answer.length; i++) {
            drawn.append(answer[i]);
        }
        return sample(drawing, logits, 0, drawn);
    }
}
