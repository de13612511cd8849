package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flover.engine.Generations.Outcome;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.ranks.CpuSet;
import dev.flover.engine.backend.ranks.NumaNodes;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.Weights;
import dev.flover.engine.model.WeightsExpertsBuilder;
import dev.flover.engine.model.WeightsLayerBuilder;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.sharding.ShardPlan;
import dev.flover.engine.tensor.Matrix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A model that several ranks divide among themselves gives the tokens and logprobs of one device, bit for bit.
class RanksTest {
    /// Few blocks, so that sequences are preempted.
    private static final EngineConfig CONFIG = EngineConfig.of(4, 24).withPrefillChunk(7).withBlockTokens(4)
            .withKvBlocks(12);

    @TestFactory
    Stream<DynamicTest> everyFamilyGivesTheSameBitsOnRanksOrIsRefused() {
        return RandomFamilies.folders().stream().map(folder -> DynamicTest.dynamicTest(
                folder.getFileName().toString(), () -> {
                    try (var model = ModelLoader.open(folder)) {
                        isRefusedBeyondItsGreatest(model);
                        var divisible = withMoreShards(model);
                        sameBits(divisible, "cpu", Math.min(4, ShardPlan.greatest(divisible)));
                    }
                }));
    }

    @ParameterizedTest
    @CsvSource({
        "stories260K-F32.gguf, cpu", "stories260K-pad192-Q8_0.gguf, cpu", "stories260K-pad192-Q8_0.gguf, reference"
    })
    void thePublishedStoriesGiveTheSameBits(String file, String backend) {
        try (var model = ModelLoader.open(TestData.of("stories260K").resolve(file))) {
            isRefusedBeyondItsGreatest(model);
            sameBits(withMoreShards(model), backend, 2, 4);
        }
    }

    @Test
    void theBundledModelGivesTheSameBits() {
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            assertThat(ShardPlan.greatest(model)).isEqualTo(8);
            sameBits(model, "cpu", 2, 8);
        }
    }

    @Test
    void ranksBoundToNodesGiveTheSameBits() {
        var nodes = new NumaNodes(List.of(new CpuSet(List.of(0)), new CpuSet(List.of(1))));
        assumeTrue(nodes.canBind(), "needs a system that lets threads be bound to the processors 0 and 1");
        try (var model = ModelLoader.open(TestData.of("stories260K").resolve("stories260K-pad192-Q8_0.gguf"))) {
            assertThat(outcomes(model, Backends.open("cpu", 4, 2, nodes)))
                    .isEqualTo(outcomes(model, Backends.open("cpu", 2)));
        }
    }

    @Test
    void enginesWithAShareOfTheHostGiveTheSameBits() {
        var nodes = new NumaNodes(List.of(new CpuSet(List.of(0)), new CpuSet(List.of(1))));
        try (var model = ModelLoader.open(TestData.of("stories260K").resolve("stories260K-pad192-Q8_0.gguf"))) {
            var expected = outcomes(model, Backends.open("cpu", 2));
            for (var engine : Backends.open("cpu", 2, 1, 2, DeviceList.UNCHOSEN)) {
                assertThat(outcomes(model, engine)).isEqualTo(expected);
            }
            if (nodes.canBind()) {
                for (var engine : Backends.open("cpu", 4, 2, 2, DeviceList.UNCHOSEN, nodes)) {
                    assertThat(engine.describe()).startsWith("2 ranks");
                    assertThat(outcomes(model, engine)).isEqualTo(expected);
                }
                for (var engine : Backends.open("cpu", 2, 1, 2, DeviceList.UNCHOSEN, nodes)) {
                    assertThat(outcomes(model, engine)).as("bound to a node").isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void enginesShareTheMemoryOfTheHost() {
        var shape = BackendCacheShapeBuilder.builder().layers(2).heads(4).kvHeads(4).headDim(64).vocabulary(100)
                .blocks(1).blockTokens(16).slots(4).contextLength(128).latent(0).build();
        try (var one = Backends.open("cpu", 1); var reference = Backends.open("reference", 1)) {
            int blocks = one.blocksThatFit(shape);
            int ofReference = reference.blocksThatFit(shape);
            one.shareHostWith(4);
            reference.shareHostWith(4);
            assertThat(one.blocksThatFit(shape)).isEqualTo(blocks / 4);
            assertThat(reference.blocksThatFit(shape)).isEqualTo(ofReference / 4);
        }
    }

    @Test
    void autoIsOneRankANodeAndOtherWordsAreRefused() {
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            int nodes = NumaNodes.ofThisMachine().nodes().size();
            assertThat(Backends.ranks("auto", "cpu", model)).isEqualTo(Math.clamp(Integer.highestOneBit(nodes), 1, 8));
            assertThat(Backends.ranks("4", "cpu", model)).isEqualTo(4);
            assertThatThrownBy(() -> Backends.ranks("many", "cpu", model))
                    .hasMessage("a model can be divided among 1, 2, 4 or 8 ranks, or auto; found many");
        }
    }

    private static void sameBits(Model model, String backend, int... numbersOfRanks) {
        var expected = outcomes(model, Backends.open(backend, 2));
        for (int ranks : numbersOfRanks) {
            assertThat(outcomes(model, Backends.open(backend, 2, ranks))).as(ranks + " ranks").isEqualTo(expected);
        }
    }

    private static void isRefusedBeyondItsGreatest(Model model) {
        int greatest = ShardPlan.greatest(model);
        for (int ranks = 2 * greatest; ranks <= 8; ranks *= 2) {
            var backend = Backends.open("reference", 1, ranks);
            assertThatThrownBy(() -> Engine.start(model, backend, CONFIG)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cannot be divided among " + ranks + " ranks, at most among " + greatest)
                    .hasMessageContaining("which allows at most " + greatest);
        }
    }

    /// The same model with products in as many shards as its widths can be divided into, although the loader makes
    /// shards of at least 32 columns: so that models as narrow as these run on more ranks. The order of additions
    /// is then another, on one rank too.
    private static Model withMoreShards(Model model) {
        var old = model.weights();
        int byHeads = Math.min(8, Integer.lowestOneBit(model.config().heads()));
        var layers = old.layers().stream().map(layer -> WeightsLayerBuilder.builder(layer)
                .attentionOut(layer.attentionOut().withShards(byHeads))
                .feedForwardOut(layer.feedForwardOut() == null ? null : inMoreShards(layer.feedForwardOut()))
                .experts(layer.experts() == null ? null : inMoreShards(layer.experts())).build()).toList();
        return model.withWeights(new Weights(
                old.embedding(), old.positions(), layers, old.finalNorm(), old.head(), old.headBias()));
    }

    private static Weights.Experts inMoreShards(Weights.Experts old) {
        var shared = old.shared();
        return WeightsExpertsBuilder.builder(old).out(old.out().stream().map(RanksTest::inMoreShards).toList())
                .shared(shared == null ? null
                        : new Weights.SharedExpert(shared.in(), inMoreShards(shared.out()), shared.gate())).build();
    }

    private static Matrix inMoreShards(Matrix old) {
        return old.withShards(Math.min(8, Integer.lowestOneBit(old.inputs())));
    }

    private static List<Outcome> outcomes(Model model, BackendGroup backend) {
        var generations = new Generations();
        var ids = new ArrayList<Long>();
        try (var engine = Engine.start(model, backend, CONFIG)) {
            var requests = requests(model.config().vocabulary());
            for (boolean more = true; more || ids.size() < requests.size(); ) {
                if (ids.size() < requests.size()) {
                    var request = requests.get(ids.size());
                    ids.add(engine.admit(request));
                    generations.expect(ids.getLast(), request);
                }
                more = engine.step(generations);
            }
            assertThat(engine.status().preemptions()).as("preemptions").isPositive();
            assertThat(engine.status().prefixHits()).as("shared prefixes").isPositive();
        }
        return ids.stream().map(generations::outcome).toList();
    }

    /// Sampled and greedy requests, each second with the same beginning.
    private static List<SequenceRequest> requests(int vocabulary) {
        var random = new Random(5);
        int[] shared = random.ints(13, 0, vocabulary).toArray();
        var requests = new ArrayList<SequenceRequest>();
        for (int i = 0; i < 6; i++) {
            int[] prompt = random.ints(15 + i, 0, vocabulary).toArray();
            if (i % 2 == 0) {
                System.arraycopy(shared, 0, prompt, 0, shared.length);
            }
            var sampling = i % 3 == 0 ? SamplingParams.greedy() : SamplingParams.sampled(0.9f, i)
                    .withTopP(0.9f).withRepetitionPenalty(1.1f);
            requests.add(SequenceRequest.of(prompt, sampling.withTopLogprobs(2), 6 + i, TokenSet.EMPTY));
        }
        return requests;
    }
}
