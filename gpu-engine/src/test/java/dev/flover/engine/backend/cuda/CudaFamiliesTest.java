package dev.flover.engine.backend.cuda;

import dev.flover.engine.FamilyContract;
import dev.flover.engine.backend.Backend;

class CudaFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
