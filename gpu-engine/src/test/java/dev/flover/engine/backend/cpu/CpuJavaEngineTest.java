package dev.flover.engine.backend.cpu;

import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.Backend;

class CpuJavaEngineTest extends EngineContract {
    @Override
    protected Backend open() {
        return CpuBackends.open("cpu-java", 2, 0, Workers.PATIENCE_NANOS);    // tiny models' work would not be shared
    }
}
