package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.engine.backend.BackendCacheShapeBuilder;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.CudaException;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaBackendTest {
    private static final EngineConfig CONFIG = EngineConfig.of(2, 8)
            .withPrefillChunk(4)
            .withKvBlocks(20)
            .withPrefixCaching(false);
    private static final TokenSink NOBODY = new TokenSink() {
        @Override
        public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {}

        @Override
        public void finished(long sequence, FinishReason reason) {}
    };

    @Test
    void stepsOfOneBucketAreReplayedFromTheirGraphAndAllocateNothing() {
        var driver = EmulatedBackends.driver();
        try (var model = TinyModels.llama(5, TensorType.Q8_0);
                var engine = Engine.start(model, new CudaBackend(driver), CONFIG)) {
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
    void stepsWaitForNoUpload() {
        var driver = EmulatedBackends.driver();
        try (var model = TinyModels.llama(5, TensorType.Q8_0);
                var engine = Engine.start(model, new CudaBackend(driver), CONFIG)) {
            int before = driver.uploads();
            engine.admit(SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.greedy(), 3, TokenSet.EMPTY));
            while (engine.step(NOBODY)) {
                // until the sequence has ended
            }
            assertThat(driver.uploads()).isEqualTo(before);
        }
    }

    @Test
    void memoryThatAGraphHoldsIsNotFreed() {
        try (var driver = EmulatedBackends.driver()) {
            long address = driver.allocate(64, "numbers");
            driver.beginCapture();
            driver.launch(driver.kernel("edit", 0), 1, 1, 1, 256, 0,
                    new Arguments().begin().pointer(address).pointer(address).integer(0).integer(1));
            driver.endCapture();
            assertThatThrownBy(() -> driver.free(address)).isInstanceOf(AssertionError.class)
                    .hasMessageContaining("freed memory that a graph's kernel was given");
        }
    }

    @ParameterizedTest
    @CsvSource({"await, 5", "launchGraph, 2", "enqueueUpload, 9"})
    void aLostDeviceEndsTheEngineWithOneSentenceAndNoTokenTwice(String call, int after) {
        var lost = new FailingDriver(EmulatedBackends.driver(), call, after, "CUDA_ERROR_ECC_UNCORRECTABLE");
        var positions = new ArrayList<Integer>();
        var sink = new TokenSink() {
            @Override
            public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
                positions.add(index);
            }

            @Override
            public void finished(long sequence, FinishReason reason) {}
        };
        try (var model = TinyModels.llama(5, TensorType.Q8_0);
                var engine = Engine.start(model, new CudaBackend(lost.driver()), CONFIG)) {
            engine.admit(SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.greedy(), 90, TokenSet.EMPTY));
            assertThatThrownBy(() -> {
                while (engine.step(sink)) {
                    // until the device is lost
                }
            }).isInstanceOf(EngineException.class)
                    .hasMessageMatching("step \\d+ failed: " + call + " failed with CUDA_ERROR_ECC_UNCORRECTABLE: this "
                            + "process has lost the device; restart the process.*")
                    .hasCauseInstanceOf(CudaException.class);
            assertThatThrownBy(() -> engine.step(sink)).isInstanceOf(EngineException.class);
        }
        assertThat(positions).isEqualTo(IntStream.range(0, positions.size()).boxed().toList());
    }

    @Test
    void theCacheTakesWhatIsFreeAndSaysSoWhereThatIsNothing() {
        var emulator = Emulator.instance();
        Assumptions.assumeTrue(emulator.isPresent(), "no C++ compiler");
        var config = EngineConfig.of(64, 64).withPrefillChunk(16);
        long memory = 256 << 20;
        try (var model = TinyModels.withContext(TinyModels.llama(5, TensorType.Q8_0), 1 << 15)) {
            var driver = new EmulatedDriver(emulator.get(), memory);
            try (var engine = Engine.start(model, new CudaBackend(driver), config)) {
                engine.admit(SequenceRequest.of(new int[] {1, 2, 3}, SamplingParams.greedy(), 3, TokenSet.EMPTY));
                while (engine.step(NOBODY)) {
                    // the first step's allocations find room, too
                }
                long blockBytes = 2L * 2 * 2 * 2 * 16 * 32;     // keys, values; f16; layers; heads; positions; width
                assertThat(engine.status().blocks() * blockBytes).isBetween(memory * 8 / 10, memory * 95 / 100);
            }
            var full = new EmulatedDriver(emulator.get(), 1 << 20);
            assertThatThrownBy(() -> Engine.start(model, new CudaBackend(full), config))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("the weights leave no memory for a KV cache on the cuda backend");
        }
    }

    @Test
    void aCacheThatDoesNotFitSaysHowManyBlocksDo() {
        var emulator = Emulator.instance();
        Assumptions.assumeTrue(emulator.isPresent(), "no C++ compiler");
        try (var backend = new CudaBackend(new EmulatedDriver(emulator.get(), 1 << 20))) {
            var shape = BackendCacheShapeBuilder.builder().layers(4).heads(4).kvHeads(4).headDim(64)
                    .vocabulary(100).blocks(100).blockTokens(16).slots(4).contextLength(400).latent(0).build();
            assertThatThrownBy(() -> backend.cache(shape))
                    .isInstanceOf(CudaException.class)
                    .hasMessageContaining("100 KV blocks take").hasMessageContaining("at most 16 blocks");
        }
    }
}
