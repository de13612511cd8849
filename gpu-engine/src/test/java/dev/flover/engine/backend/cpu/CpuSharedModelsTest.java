package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.SharedModels;
import dev.flover.engine.backend.Backend;
import java.nio.file.Path;
import java.util.List;

/// The contract of families with the weights that transformers wrote, where they are at hand.
class CpuSharedModelsTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu", 2);
    }

    @Override
    protected List<Path> folders() {
        return SharedModels.folders();
    }
}
