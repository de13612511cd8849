package dev.flover.engine.backend.cpu;

import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.Backend;

class CpuEngineTest extends EngineContract {
    @Override
    protected Backend open() {
        // the limit 0 shares even the short jobs of tiny models
        return CpuBackends.open("cpu", 2, 0, Workers.PATIENCE_NANOS);
    }
}
