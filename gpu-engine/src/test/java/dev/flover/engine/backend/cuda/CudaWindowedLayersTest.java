package dev.flover.engine.backend.cuda;

import dev.flover.engine.WindowedLayersContract;
import dev.flover.engine.backend.Backend;
import org.junit.jupiter.api.Tag;

/// Takes half a minute on the emulated device. `CudaFamiliesTest` runs shorter sequences of models with windows.
@Tag("long")
class CudaWindowedLayersTest extends WindowedLayersContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
