package dev.flover.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ModelShapeTest {
    @ParameterizedTest
    @CsvSource({"stories-15m, 15.2e6", "stories-110m, 110e6", "tinyllama-1.1b, 1.10e9", "llama-1b, 1.236e9",
        "llama-3b, 3.21e9", "llama-8b, 8.03e9", "gpt-j-6b, 6.05e9", "llama-13b, 13.0e9", "llama-33b, 32.5e9",
        "llama-65b, 65.3e9"})
    void hasAsManyParametersAsThePublishedModel(String name, double parameters) {
        assertThat((double) ModelShape.named(name).parameters()).isCloseTo(parameters, withinPercentage(1));
        assertThat(ModelShape.names()).contains(name);
    }

    @Test
    void anUnknownNameIsAnsweredWithTheKnownOnes() {
        assertThatThrownBy(() -> ModelShape.named("llama-7b"))
                .hasMessageStartingWith("there is no shape named llama-7b; choose one of stories-15m, ");
    }

    @ParameterizedTest
    @EnumSource(value = TensorType.class, names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
    void weightsFollowFromTheSeedAndGiveNumbers(TensorType type) {
        var shape = new ModelShape("tiny", TinyModels.llama(1, TensorType.F32).config(), true);
        var once = tokens(shape, type, 1);
        assertThat(once).hasSize(20).isEqualTo(tokens(shape, type, 1)).isNotEqualTo(tokens(shape, type, 2));
        assertThat(once.stream().distinct().count()).as("different tokens").isGreaterThan(4);
    }

    @Test
    void noTwoMatricesAreEqual() {
        try (var model = ModelShape.named("stories-15m").random(TensorType.Q4_0, 1)) {
            var matrices = new ArrayList<Matrix>();
            for (var layer : model.weights().layers()) {
                matrices.addAll(List.of(layer.queryKeyValue(), layer.feedForwardIn(), layer.feedForwardOut()));
            }
            assertThat(matrices).doesNotHaveDuplicates();
        }
    }

    private static List<Integer> tokens(ModelShape shape, TensorType type, long seed) {
        var tokens = new ArrayList<Integer>();
        var sink = new TokenSink() {
            @Override
            public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
                tokens.add(tokenId);
            }

            @Override
            public void finished(long sequence, FinishReason reason) {
                assertThat(reason).isEqualTo(FinishReason.LENGTH);
            }
        };
        try (var model = shape.random(type, seed);
                var engine = Engine.start(model, Backends.open("cpu", 1), EngineConfig.of(1, 8).withKvBlocks(4)
                        .withStepsInFlight(1).withPrefixCaching(false))) {
            engine.admit(SequenceRequest.of(new int[] {1, 2}, SamplingParams.sampled(1, 7), 20, TokenSet.EMPTY));
            while (engine.step(sink)) {
                // until the sequence has ended
            }
        }
        return tokens;
    }
}
