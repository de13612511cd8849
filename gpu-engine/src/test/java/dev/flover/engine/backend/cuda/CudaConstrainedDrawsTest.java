package dev.flover.engine.backend.cuda;

import dev.flover.engine.ConstrainedDrawsContract;
import dev.flover.engine.backend.Backend;

class CudaConstrainedDrawsTest extends ConstrainedDrawsContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
