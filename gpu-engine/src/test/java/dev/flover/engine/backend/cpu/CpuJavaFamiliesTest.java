package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.backend.Backend;

class CpuJavaFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu-java", 2);
    }
}
