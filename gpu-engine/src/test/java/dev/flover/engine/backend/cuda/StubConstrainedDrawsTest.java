package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.ConstrainedDrawsContract;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.cuda.StubDriver.Timing;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/// Draws with constraints through the real JCuda library, on a driver whose copies are done as late as CUDA allows.
@Tag("driver-stub")
class StubConstrainedDrawsTest extends ConstrainedDrawsContract {
    @BeforeEach
    void aDriver() {
        Assumptions.assumeTrue(System.getProperty("os.name").equals("Linux"), "libcuda.so.1 is Linux's");
        EmulatedBackends.driver().close();
        StubDriver.instance().reset(Timing.LATE, 1L << 30);
    }

    @AfterEach
    void nothingWasLeftUndefined() {
        assertThat(StubDriver.instance().faults()).isEmpty();
    }

    @Override
    protected Backend open() {
        return new CudaBackend(StubDriver.instance().open(0));
    }
}
