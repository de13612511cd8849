package dev.flover.engine.backend.cuda;

import dev.flover.engine.WindowedLayersContract;
import dev.flover.engine.backend.Backend;

class CudaWindowedLayersTest extends WindowedLayersContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
