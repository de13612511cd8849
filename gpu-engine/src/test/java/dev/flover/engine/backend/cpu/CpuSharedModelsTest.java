package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.SharedModels;
import dev.flover.engine.backend.Backend;
import java.nio.file.Path;
import java.util.List;

/// The contract of families with weights that transformers wrote. They are not part of the project, and the tests are
/// skipped where the folder with them is missing.
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
