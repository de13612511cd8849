package dev.flover.engine.backend.cuda;

import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.Backend;
import org.junit.jupiter.api.Tag;

/// Takes seven minutes. For changes of kernels or of the step: `./mvnw -Plong -pl gpu-engine -am test
/// -Dtest=CudaEngineTest`.
@Tag("long")
class CudaEngineTest extends EngineContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
