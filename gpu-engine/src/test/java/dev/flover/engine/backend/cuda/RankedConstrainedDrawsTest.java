package dev.flover.engine.backend.cuda;

import dev.flover.engine.ConstrainedDrawsContract;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.cuda.RankGroup.Limits;
import java.util.List;

/// Draws with constraints where another rank draws: the step's draw is launched later than the rest of the step.
class RankedConstrainedDrawsTest extends ConstrainedDrawsContract {
    @Override
    protected BackendGroup open() {
        return CudaRanks.open(List.of(EmulatedBackends.device(0), EmulatedBackends.device(1)), Limits.STANDARD);
    }
}
