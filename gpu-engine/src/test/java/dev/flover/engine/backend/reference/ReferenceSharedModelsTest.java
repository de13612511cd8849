package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.SharedModels;
import dev.flover.engine.backend.Backend;
import java.nio.file.Path;
import java.util.List;

/// The contract of families with weights that transformers wrote. They are not part of the project, and the tests are
/// skipped where the folder with them is missing.
class ReferenceSharedModelsTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }

    @Override
    protected List<Path> folders() {
        return SharedModels.folders();
    }
}
