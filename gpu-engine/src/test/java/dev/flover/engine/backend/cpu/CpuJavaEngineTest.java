package dev.flover.engine.backend.cpu;

import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backends;

class CpuJavaEngineTest extends EngineContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu-java", 2);
    }
}
