package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Engine;
import dev.flover.engine.EngineConfig;
import dev.flover.engine.FinishReason;
import dev.flover.engine.SequenceRequest;
import dev.flover.engine.TokenSink;
import dev.flover.engine.TopLogprobs;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.format.TensorType;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class CudaBackendTest {
    private static final TokenSink NOBODY = new TokenSink() {
        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {}

        @Override
        public void finished(long sequence, FinishReason reason) {}
    };

    @Test
    void stepsOfOneBucketAreReplayedFromTheirGraphAndAllocateNothing() {
        var driver = EmulatedBackends.driver();
        var config = new EngineConfig(2, 8, 4, 16, 20, 2, false);
        try (var model = TinyModels.llama(5, TensorType.Q8_0);
                var engine = Engine.start(model, new CudaBackend(driver), config)) {
            engine.admit(SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.greedy(), 30, TokenSet.EMPTY));
            for (int i = 0; i < 6; i++) {
                engine.step(NOBODY);
            }
            long free = driver.freeBytes();
            int graphs = driver.graphLaunches();
            for (int i = 0; i < 10; i++) {
                engine.step(NOBODY);
            }
            assertThat(driver.graphLaunches() - graphs).isGreaterThanOrEqualTo(9);
            assertThat(driver.freeBytes()).isEqualTo(free);
        }
    }

    @Test
    void aCacheThatDoesNotFitSaysHowManyBlocksDo() {
        var emulator = Emulator.instance();
        Assumptions.assumeTrue(emulator.isPresent(), "no C++ compiler");
        try (var backend = new CudaBackend(new EmulatedDriver(emulator.get(), 1 << 20))) {
            var shape = new CacheShape(4, 4, 4, 64, 100, 100, 16, 4, 400);
            assertThatThrownBy(() -> backend.cache(shape))
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("100 KV blocks take").hasMessageContaining("at most 16 blocks");
        }
    }
}
