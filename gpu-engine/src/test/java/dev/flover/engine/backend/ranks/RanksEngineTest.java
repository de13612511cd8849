package dev.flover.engine.backend.ranks;

import dev.flover.engine.Backends;
import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.BackendGroup;
import org.junit.jupiter.api.Tag;

@Tag("long")
class RanksEngineTest extends EngineContract {
    @Override
    protected BackendGroup open() {
        return Backends.open("cpu", 2, 2);
    }
}
