package dev.flover.engine.sharding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.RandomFamilies;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelShape;
import dev.flover.engine.tensor.TensorType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardPlanTest {
    @ParameterizedTest
    @ValueSource(ints = {2, 8})
    void ranksHaveAllOfAModelAndCopiesOfFewKeyHeads(int ranks) {
        try (var model = ModelShape.named("tinyllama-1.1b").random(TensorType.Q8_0, 1)) {
            var plan = ShardPlan.of(model, ranks);
            int heads = 0;
            int columns = 0;
            int tokens = 0;
            for (var share : plan.shares()) {
                assertThat(share.firstHead()).isEqualTo(heads);
                assertThat(share.firstColumn()).isEqualTo(columns);
                assertThat(share.firstToken()).isEqualTo(tokens);
                heads += share.heads();
                columns += share.columns();
                tokens += share.tokens();
                var part = plan.part(share.rank());
                assertThat(part.weights().head().outputs()).isEqualTo(share.tokens());
                assertThat(part.config().heads()).isEqualTo(share.heads());
                assertThat(part.weights().layers().getFirst().queryKeyValue().outputs())
                        .isEqualTo((share.heads() + 2 * share.kvHeads().size()) * 64);
            }
            assertThat(List.of(heads, columns, tokens)).containsExactly(32, 5632, 32000);
            var kvHeads = new ArrayList<Integer>();
            plan.shares().forEach(share -> kvHeads.addAll(share.kvHeads()));
            assertThat(kvHeads).isEqualTo(ranks < 8 ? List.of(0, 1, 2, 3) : List.of(0, 0, 1, 1, 2, 2, 3, 3));
        }
    }

    @Test
    void allReasonsAreGivenAtOnceWithTheTensorsAndTheGreatestNumberOfRanks() {
        var folder = RandomFamilies.folders().stream().filter(each -> each.endsWith("olmo2")).findFirst().orElseThrow();
        try (Model model = ModelLoader.open(folder)) {
            assertThat(ShardPlan.greatest(model)).isOne();
            assertThatThrownBy(() -> ShardPlan.of(model, 8)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("olmo2 cannot be divided among 8 ranks, at most among 1: ")
                    .hasMessageContaining("model.layers.0.self_attn.q_proj.weight has")
                    .hasMessageContaining("model.layers.0.self_attn.o_proj.weight has")
                    .hasMessageContaining("model.layers.0.mlp.down_proj.weight has")
                    .hasMessageContaining("which allows at most 1 rank");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 16})
    void otherNumbersOfRanksAreRefused(int ranks) {
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            assertThatThrownBy(() -> ShardPlan.of(model, ranks)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a model can be divided among 1, 2, 4 or 8 ranks, not " + ranks);
        }
    }
}
