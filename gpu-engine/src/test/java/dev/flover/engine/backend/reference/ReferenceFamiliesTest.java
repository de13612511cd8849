package dev.flover.engine.backend.reference;

import dev.flover.engine.FamilyContract;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backends;

class ReferenceFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
