package dev.flover.engine.backend.cuda;

import dev.flover.engine.LongSequencesContract;
import dev.flover.engine.backend.Backend;

class CudaLongSequencesTest extends LongSequencesContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
