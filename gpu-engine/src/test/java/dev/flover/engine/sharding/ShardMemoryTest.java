package dev.flover.engine.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.ModelShape;
import dev.flover.engine.sharding.ShardMemory.Place;
import dev.flover.engine.sharding.ShardMemory.Use;
import dev.flover.engine.tensor.TensorType;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShardMemoryTest {
    private static final Use USE = new Use(4096, 2, 128, 64);

    @Test
    void everyMemoryThatIsTooSmallIsNamedWithTheNeedOfItsRanks() {
        try (var model = ModelShape.named("tinyllama-1.1b").random(TensorType.Q8_0, 1)) {
            var memory = new ShardMemory(ShardPlan.of(model, 4), USE);
            var small = new Place("device 1", memory.bytes(1) - 1);
            var alsoSmall = new Place("device 3", 1_000_000);
            var enough = new Place("device 0", memory.bytes(0));

            var found = memory.shortages(List.of(enough, small, new Place("device 2", memory.bytes(2)), alsoSmall));

            assertThat(found).hasSize(2);
            assertThat(found.getFirst()).startsWith("device 1 has ").contains(", and rank 1 needs at least ")
                    .contains(" of weights, ").contains(" of keys and values for 4096 positions, ")
                    .endsWith(" for the steps");
            assertThat(found.getLast()).startsWith("device 3 has 1.0 MB, and rank 3 needs");
        }
    }

    @Test
    void ranksInOneMemoryNeedTheirSum() {
        try (var model = ModelShape.named("tinyllama-1.1b").random(TensorType.Q8_0, 1)) {
            var memory = new ShardMemory(ShardPlan.of(model, 2), USE);
            long both = memory.bytes(0) + memory.bytes(1);

            assertThat(memory.shortages(Collections.nCopies(2, new Place("the machine", both)))).isEmpty();
            assertThat(memory.shortages(List.of(new Place("device 0", memory.bytes(0)),
                    new Place("device 1", memory.bytes(0))))).as("two devices of one size").isEmpty();
            assertThat(memory.shortages(Collections.nCopies(2, new Place("the machine", both - 1)))).singleElement()
                    .asString().contains("and ranks 0, 1 need at least");
        }
    }

    @Test
    void keysAndValuesAndWeightsOfTheRanksTogetherAreThoseOfOneRank() {
        try (var model = ModelShape.named("tinyllama-1.1b").random(TensorType.Q8_0, 1)) {
            var one = new ShardMemory(ShardPlan.of(model, 1), USE);
            var two = new ShardMemory(ShardPlan.of(model, 2), USE);
            // 22 layers, 4 key heads of 64 numbers, keys and values
            assertThat(one.cacheBytes(0)).isEqualTo(4096L * 22 * 4 * 64 * 2 * 2);
            assertThat(two.cacheBytes(0) + two.cacheBytes(1)).isEqualTo(one.cacheBytes(0));
        }
    }

    @Test
    void logitsAreCountedOnceAndSumsOfSeveralRanksTwice() {
        try (var model = ModelShape.named("tinyllama-1.1b").random(TensorType.Q8_0, 1)) {
            var one = ShardPlan.of(model, 1);
            assertThat(one.scratchBytes(0, 0, 1)).isEqualTo(4L * (2048 + 32_000));
            var two = ShardPlan.of(model, 2);
            assertThat(two.scratchBytes(0, 0, 1)).as("its own and all").isEqualTo(4L * (2048 + 16_000 + 32_000));
            assertThat(two.scratchBytes(1, 0, 1)).as("its own").isEqualTo(4L * (2048 + 16_000));
            // queries, keys, values, and columns are divided; four rows of the model's width and two of sums are not
            assertThat(2 * two.scratchBytes(0, 1, 0) - one.scratchBytes(0, 1, 0)).isEqualTo(4L * 2048 * (4 + 2 * 2));
        }
    }

    @Test
    void anEngineIsRefusedBeforeAWeightIsReadWhereItCannotFit() {
        try (var model = ModelShape.named("tinyllama-1.1b").random(TensorType.Q8_0, 1)) {
            var config = EngineConfig.of(1, 16).withBlockTokens(1024).withKvBlocks(Integer.MAX_VALUE);
            assertThatThrownBy(() -> Engine.start(model, new ReferenceBackend(), config))
                    .isInstanceOf(EngineException.class).hasMessageContaining("does not fit: the machine has ")
                    .hasMessageContaining("the model needs at least")
                    .hasMessageContaining("choose a smaller model, one stored in fewer bits, fewer KV blocks");
        }
    }
}
