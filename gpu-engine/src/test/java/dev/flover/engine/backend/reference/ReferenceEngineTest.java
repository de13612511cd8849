package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.Backend;

class ReferenceEngineTest extends EngineContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
