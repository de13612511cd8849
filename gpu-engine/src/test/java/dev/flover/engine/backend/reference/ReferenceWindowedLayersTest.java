package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.WindowedLayersContract;
import dev.flover.engine.backend.Backend;

class ReferenceWindowedLayersTest extends WindowedLayersContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
