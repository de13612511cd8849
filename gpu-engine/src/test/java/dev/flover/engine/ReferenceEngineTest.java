package dev.flover.engine;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backends;

final class ReferenceEngineTest extends EngineContract {
    @Override
    protected Backend openBackend() {
        return Backends.open("reference", 0);
    }
}
