package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.OtherWeights;
import dev.flover.engine.backend.Backend;
import java.nio.file.Path;
import java.util.List;

class ReferenceFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }

    @Override
    protected List<Path> folders() {
        return OtherWeights.after(super.folders());
    }
}
