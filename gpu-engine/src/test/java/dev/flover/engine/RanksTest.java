package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.ranks.CpuSet;
import dev.flover.engine.backend.ranks.NumaNodes;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.sharding.ShardPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
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
                        var divisible = RankRuns.withMoreShards(model);
                        assertThat(ShardPlan.greatest(divisible)).as("ranks that the shapes allow").isGreaterThan(1);
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
            sameBits(RankRuns.withMoreShards(model), backend, 2, 4);
        }
    }

    @Test
    void theBundledModelGivesTheSameBits() {
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            assertThat(ShardPlan.greatest(model)).isEqualTo(8);
            sameBits(model, "cpu", 2, 8);
        }
    }

    /// These families have four heads. The same tensors are eight heads of half the width, and four heads of keys and
    /// values, each on two of eight ranks.
    @ParameterizedTest
    @CsvSource({"olmo2, cpu", "olmo2, reference", "olmo3, cpu", "olmo3, reference", "olmoe, cpu", "olmoe, reference"})
    void normsOverAllHeadsGiveTheSameBitsOnEightRanks(String family, String backend, @TempDir Path folder)
            throws IOException {
        var original = RandomFamilies.folders().stream().filter(path -> path.endsWith(family)).findFirst()
                .orElseThrow();
        var json = new ObjectMapper();
        var config = (ObjectNode) json.readTree(original.resolve("config.json").toFile());
        assertThat(config.get("num_attention_heads").intValue()).isEqualTo(4);
        assertThat(config.get("num_key_value_heads").intValue()).isEqualTo(2);
        config.put("num_attention_heads", 8).put("num_key_value_heads", 4);
        json.writeValue(folder.resolve("config.json").toFile(), config);
        Files.copy(original.resolve("model.safetensors"), folder.resolve("model.safetensors"));

        try (var model = ModelLoader.open(folder)) {
            sameBits(RankRuns.withMoreShards(model), backend, 2, 8);
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
            int blocks = one.blocksThatFit(shape, 1);
            int ofReference = reference.blocksThatFit(shape, 1);
            one.shareHostWith(4);
            reference.shareHostWith(4);
            assertThat(one.blocksThatFit(shape, 1)).isEqualTo(blocks / 4);
            assertThat(reference.blocksThatFit(shape, 1)).isEqualTo(ofReference / 4);
        }
    }

    @Test
    void autoIsOneRankANodeAndOtherWordsAreRefused() {
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            int nodes = NumaNodes.ofThisMachine().nodes().size();
            assertThat(ranks("auto", "cpu", model, "", 1)).isEqualTo(Math.clamp(Integer.highestOneBit(nodes), 1, 8));
            assertThat(ranks("auto", "cpu", model, "", 2 * nodes)).as("more engines than nodes").isOne();
            assertThat(ranks("4", "cpu", model, "", 1)).isEqualTo(4);
            assertThatThrownBy(() -> ranks("auto", "cpu", model, "0,1", 1))
                    .hasMessage("the backend cpu computes on the processor, but the devices 0,1 were chosen; choose "
                            + "the backend cuda, or no device");
            assertThatThrownBy(() -> ranks("many", "cpu", model, "", 1))
                    .hasMessage("a model can be divided among 1, 2, 4 or 8 ranks, or auto; found many");
        }
    }

    @Test
    void autoTakesAsFewDevicesAsHoldTheWeights() {
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            long whole = ShardPlan.of(model, 1).shares().getFirst().weightBytes();
            assertThat(Backends.ranksThatHold(model, 8, 2 * whole)).isEqualTo(1);
            assertThat(Backends.ranksThatHold(model, 8, whole)).isEqualTo(2);
            assertThat(Backends.ranksThatHold(model, 8, 1)).as("too little memory on all").isEqualTo(8);
            assertThat(Backends.ranksThatHold(model, 3, 1)).as("of three devices").isEqualTo(2);
        }
    }

    private static int ranks(String wanted, String backend, Model model, String devices, int engines) {
        return Backends.ranks(wanted, backend, model, DeviceList.parse(devices), engines);
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

    private static List<?> outcomes(Model model, BackendGroup backend) {
        return RankRuns.outcomes(model, backend, CONFIG, RankRuns.requests(model.config().vocabulary(), 6, 6));
    }
}
