package dev.flover.engine.backend.cpu;

import dev.flover.engine.FamilyContract;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backends;

class CpuFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu", 2);
    }
}
