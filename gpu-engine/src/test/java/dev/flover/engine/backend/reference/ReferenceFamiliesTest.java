package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.FamilyContract;
import dev.flover.engine.backend.Backend;

class ReferenceFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
