package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Engine;
import dev.flover.engine.RandomFamilies;
import dev.flover.engine.RankRuns;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.cuda.RankGroup.Limits;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.sharding.ShardPlan;
import dev.flover.engine.tensor.TensorType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Several ranks on emulated devices, whose kernels run at the same time and wait for each other, give the tokens and
/// logprobs of one device, bit for bit.
class CudaRanksTest {
    /// Few blocks, so that sequences are preempted.
    private static final EngineConfig CONFIG = EngineConfig.of(3, 16).withPrefillChunk(8).withBlockTokens(8)
            .withKvBlocks(5);
    /// Every sum is added in parts.
    private static final Limits IN_PARTS = new Limits(Limits.STANDARD.patienceNanos(), 0);
    /// Experts with biases, latent attention with a shared expert, and norms over all heads together.
    private static final Set<String> OFTEN = Set.of("gpt_oss", "deepseek_v3", "olmo2");

    @ParameterizedTest
    @CsvSource({"2, false", "4, false", "4, true"})
    void ranksGiveTheBitsOfOneDevice(int ranks, boolean inParts) {
        try (var model = RankRuns.withMoreShards(TinyModels.llama(5, TensorType.Q8_0))) {
            sameBits(model, ranks, inParts ? IN_PARTS : Limits.STANDARD);
        }
    }

    /// `-Dflover.families=all` takes all families.
    @TestFactory
    Stream<DynamicTest> familiesWithUnusualProductsGiveTheBitsOfOneDevice() {
        boolean all = System.getProperty("flover.families", "").equals("all");
        return RandomFamilies.folders().stream()
                .filter(folder -> all || OFTEN.contains(folder.getFileName().toString()))
                .map(folder -> DynamicTest.dynamicTest(folder.getFileName().toString(), () -> sameBits(folder)));
    }

    @Test
    void eachDeviceHasAMemoryOfItsOwn() {
        try (var ranks = CudaRanks.open(devices(2), Limits.STANDARD)) {
            assertThat(ranks.ranks()).extracting(rank -> rank.memory().name())
                    .containsExactly("device 0 (emulated device)", "device 1 (emulated device)");
        }
    }

    /// The sums alone take 8 MB, more than what is left free for graphs and copies.
    @Test
    void keysAndValuesLeaveMemoryForWhatRanksExchange() {
        keysAndValuesLeaveMemory(TinyModels.llama(5, TensorType.F32));
    }

    /// Copies of the heads of all ranks take 14 MB.
    @Test
    void keysAndValuesLeaveMemoryForNormsOverAllHeads() {
        var folder = RandomFamilies.folders().stream().filter(path -> path.endsWith("olmo2")).findFirst().orElseThrow();
        keysAndValuesLeaveMemory(RankRuns.withMoreShards(ModelLoader.open(folder)));
    }

    private static void keysAndValuesLeaveMemory(Model model) {
        var drivers = IntStream.range(0, 2).mapToObj(EmulatedBackends::smallDevice).toList();
        var config = EngineConfig.of(1024, 16_384).withKvBlocks(0);
        var request = SequenceRequest.of(new int[] {5, 6, 7}, SamplingParams.greedy(), 3, TokenSet.EMPTY);
        var ids = new ArrayList<Integer>();
        try (model; var engine = Engine.start(model, CudaRanks.open(drivers, Limits.STANDARD), config)) {
            assertThat(engine.status().blocks() * config.blockTokens()).as("positions that fit")
                    .isLessThan(1024 * model.config().contextLength());
            engine.admit(request);
            var sink = new Sink(ids);
            while (engine.step(sink)) {
                // until the sequence has ended
            }
        }
        assertThat(ids).hasSize(3);
    }

    private static void sameBits(Path folder) {
        try (var model = ModelLoader.open(folder)) {
            var divisible = RankRuns.withMoreShards(model);
            int ranks = Math.min(4, ShardPlan.greatest(divisible));
            if (ranks > 1) {
                sameBits(divisible, ranks, Limits.STANDARD);
            }
        }
    }

    private static void sameBits(Model model, int ranks, Limits limits) {
        var requests = RankRuns.requests(model.config().vocabulary(), 4, 5);
        var expected = RankRuns.outcomes(model, EmulatedBackends.open(), CONFIG, requests);
        assertThat(RankRuns.outcomes(model, CudaRanks.open(devices(ranks), limits), CONFIG, requests))
                .as(ranks + " ranks").isEqualTo(expected);
    }

    private static List<EmulatedDriver> devices(int ranks) {
        return IntStream.range(0, ranks).mapToObj(EmulatedBackends::device).toList();
    }

    @ParameterizedTest
    @CsvSource({"0, launch, 40", "1, launchGraph, 2", "1, await, 4"})
    void aDeviceThatIsLostFailsTheStepAndNoTokenIsWrongOrLost(int rank, String call, int after) {
        var model = TinyModels.llama(5, TensorType.F32);
        var expected = generate(model, EmulatedBackends.open(), new ArrayList<>());
        assertThat(expected).hasSize(20);

        List<Driver> drivers = new ArrayList<>(devices(2));
        drivers.set(rank, new FailingDriver(
                (EmulatedDriver) drivers.get(rank), call, after, "CUDA_ERROR_ECC_UNCORRECTABLE").driver());
        var found = new ArrayList<Integer>();
        assertThatThrownBy(() -> generate(model, CudaRanks.open(drivers, Limits.STANDARD), found))
                .isInstanceOf(EngineException.class)
                .hasMessageMatching("step \\d+ failed: .*rank " + rank + " of 2 failed: " + call + " failed with "
                        + "CUDA_ERROR_ECC_UNCORRECTABLE: this process has lost the device.*");
        assertThat(found).hasSizeLessThan(20).isEqualTo(expected.subList(0, found.size()));
    }

    private static List<Integer> generate(Model model, BackendGroup backend, List<Integer> ids) {
        var request = SequenceRequest.of(new int[] {5, 6, 7}, SamplingParams.sampled(1, 3), 20, TokenSet.EMPTY);
        try (var engine = Engine.start(model, backend, CONFIG)) {
            engine.admit(request);
            var sink = new Sink(ids);
            while (engine.step(sink)) {
                // until the sequence has ended
            }
        }
        return ids;
    }

    private record Sink(List<Integer> ids) implements TokenSink {
        @Override
        public void token(long sequence, int index, int id, float logprob, TopLogprobs alternatives) {
            ids.add(id);
        }

        @Override
        public void finished(long sequence, FinishReason reason) {}
    }
}
