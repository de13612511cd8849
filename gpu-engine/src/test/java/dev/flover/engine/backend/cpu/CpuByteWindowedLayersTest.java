package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.WindowedLayersContract;
import dev.flover.engine.backend.Backend;

/// With keys and values in bytes.
class CpuByteWindowedLayersTest extends WindowedLayersContract {
    @Override
    protected Backend open() {
        var backend = Backends.open("cpu", 2);
        backend.cacheInBytes();
        return backend;
    }
}
