package dev.flover.engine.backend.cuda;

import dev.flover.engine.EngineContract;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.cuda.RankGroup.Limits;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Takes a quarter of an hour. For changes of what ranks on devices exchange: `./mvnw -Plong -pl gpu-engine -am test
/// -Dtest=CudaRanksEngineTest -Dflover.families=all`.
@Tag("long")
@EnabledIfSystemProperty(named = "flover.families", matches = "all",
        disabledReason = "takes a quarter of an hour; needs -Dflover.families=all")
class CudaRanksEngineTest extends EngineContract {
    @Override
    protected BackendGroup open() {
        return CudaRanks.open(List.of(EmulatedBackends.device(0), EmulatedBackends.device(1)), Limits.STANDARD);
    }
}
