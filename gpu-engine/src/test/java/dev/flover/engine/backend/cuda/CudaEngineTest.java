package dev.flover.engine.backend.cuda;

import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.Backend;

class CudaEngineTest extends EngineContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
