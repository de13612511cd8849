package dev.flover.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.Backend.CacheShape;
import org.junit.jupiter.api.Test;

class HostMemoryTest {
    private static final CacheShape SHAPE = BackendCacheShapeBuilder.builder().layers(4).heads(8).kvHeads(4)
            .headDim(32).vocabulary(100).blocks(1).blockTokens(16).slots(64).contextLength(256).latent(0).build();

    /// Bytes of a block: keys and values, 4 layers, 4 KV heads, 32 dimensions, 16 positions.
    private static final int BLOCK_BYTES = 2 * 4 * 4 * 32 * 16 * Float.BYTES;

    @Test
    void theCacheTakesAQuarterOfTheMachinesMemoryAtMost() {
        assertThat(HostMemory.blocksThatFit(SHAPE, 4, 1, 4L * 100 * BLOCK_BYTES)).isEqualTo(100);
        assertThat(HostMemory.blocksThatFit(SHAPE, 4, 1, 4L * 100 * BLOCK_BYTES - 1)).isEqualTo(99);
        assertThat(HostMemory.blocksThatFit(SHAPE, 2, 1, 4L * 100 * BLOCK_BYTES)).isEqualTo(200);
    }

    @Test
    void aMachineOfLittleMemoryServesSomething() {
        assertThat(HostMemory.blocksThatFit(SHAPE, 4, 1, 1)).isEqualTo(1);
    }
}
