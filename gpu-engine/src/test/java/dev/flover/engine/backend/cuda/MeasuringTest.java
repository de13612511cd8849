package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.cuda.weights.Storage;
import dev.flover.engine.backend.cuda.weights.WeightGenerator;
import dev.flover.engine.backend.cuda.weights.WeightShape;
import dev.flover.engine.model.ModelShape;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Tests the operations that benchmarks need of the device: weights that it generates itself, peak rates, times.
class MeasuringTest {
    @Test
    void generatedNumbersAreUniformOfTheDeviationThatKeepsProductsInSize() {
        try (var driver = EmulatedBackends.driver(); var arena = Arena.ofConfined()) {
            var shape = new WeightShape(Storage.F16, 64, 576, 1);
            var weight = new WeightGenerator(driver, new KernelSet(driver).randomise)
                    .generate(Matrix.Role.DOWN, shape, 5);
            var memory = arena.allocate(shape.valueBytes());
            driver.download(memory, weight.values());
            int count = (int) (shape.valueBytes() / 2);
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < count; i++) {
                float value = Float.float16ToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, i));
                sum += value;
                squares += value * value;
            }
            double deviation = 1.5 / 24;
            assertThat(sum / count).isCloseTo(0, within(deviation / 20));
            assertThat(Math.sqrt(squares / count)).isCloseTo(deviation, within(deviation / 50));
        }
    }

    @ParameterizedTest
    @EnumSource(value = TensorType.class, names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
    void aModelOfGeneratedWeightsGivesTokens(TensorType type) {
        var shape = new ModelShape("tiny", TinyModels.llama(1, TensorType.F32).config(), false);
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
        var driver = EmulatedBackends.driver();
        var config = EngineConfig.of(2, 8).withPrefillChunk(4).withKvBlocks(20).withPrefixCaching(false);
        try (var model = shape.random(type, 1);
                var engine = Engine.start(model, generating(new CudaBackend(driver)), config)) {
            engine.admit(SequenceRequest.of(new int[] {1, 2}, SamplingParams.sampled(1, 7), 9, TokenSet.EMPTY));
            while (engine.step(sink)) {
                // until the sequence has ended
            }
        }
        assertThat(tokens).hasSize(9);
        assertThat(tokens.stream().distinct().count()).as("different tokens").isGreaterThan(2);
    }

    @Test
    void ceilingsAreMeasuredAndTheirMemoryGivenBack() {
        try (var driver = EmulatedBackends.driver()) {
            long free = driver.freeBytes();
            var ceilings = CudaCeilings.measure(driver, new KernelSet(driver));
            assertThat(ceilings.readBytes()).isPositive().isFinite();
            assertThat(ceilings.operations()).isPositive().isFinite();
            assertThat(driver.freeBytes()).isEqualTo(free);
        }
    }

    @Test
    void theTimelineTellsTheTimeBetweenTwoMarks() {
        try (var backend = EmulatedBackends.open()) {
            var timeline = backend.timeline();
            timeline.mark(3);
            timeline.mark(4);
            assertThat(timeline.microsecondsBetween(3, 4)).isNotNegative().isFinite();
        }
    }

    /// A backend that generates all weights on the device, as benchmarks do.
    private static Backend generating(Backend backend) {
        return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("weight") || method.getName().equals("table")) {
                        return backend.randomWeight((Matrix) arguments[0], arguments[0].hashCode());
                    }
                    try {
                        return method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
