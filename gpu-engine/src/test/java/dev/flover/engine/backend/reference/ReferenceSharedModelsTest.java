package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.SharedModels;
import dev.flover.engine.backend.Backend;
import java.nio.file.Path;
import java.util.List;

/// The contract of families with the weights that transformers wrote, where they are at hand.
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
