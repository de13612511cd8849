package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.ModelShape;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class LoadListenerTest {
    @Test
    void isToldOfEachLayerAndHowManyThereAre() {
        var told = new ArrayList<String>();
        var config = EngineConfig.of(1, 8).withKvBlocks(4).withStepsInFlight(1).withPrefixCaching(false);
        try (var model = ModelShape.named("stories-15m").random(TensorType.Q4_0, 1);
                var engine = Engine.start(model, Backends.open("cpu", 1), config,
                        (layers, all) -> told.add(layers + "/" + all))) {
            assertThat(engine.status().steps()).isZero();
        }
        assertThat(told).containsExactly("1/6", "2/6", "3/6", "4/6", "5/6", "6/6");
    }
}
