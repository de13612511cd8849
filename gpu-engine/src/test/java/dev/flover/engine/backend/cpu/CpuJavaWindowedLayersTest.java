package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.WindowedLayersContract;
import dev.flover.engine.backend.Backend;

class CpuJavaWindowedLayersTest extends WindowedLayersContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu-java", 2);
    }
}
