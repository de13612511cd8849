package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.OtherWeights;
import dev.flover.engine.backend.Backend;
import java.nio.file.Path;
import java.util.List;

class CpuFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu", 2);
    }

    @Override
    protected List<Path> folders() {
        return OtherWeights.after(super.folders());
    }
}
