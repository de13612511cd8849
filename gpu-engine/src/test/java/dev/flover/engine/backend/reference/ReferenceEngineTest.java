package dev.flover.engine.backend.reference;

import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backends;

class ReferenceEngineTest extends EngineContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
