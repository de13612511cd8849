package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.IdleBackend;
import dev.flover.engine.backend.reference.ReferenceBackend;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class BackendsTest {
    private static final Supplier<Backend> NO_DEVICE = () -> {
        throw new IllegalArgumentException("no device");
    };
    private static final Supplier<Backend> OLD_DRIVER = () -> {
        throw new EngineException("cuModuleLoadData failed");
    };

    @Test
    void autoTakesTheFirstThatCanBeUsed() {
        try (var first = Backends.firstUsable(List.of(IdleBackend::new, ReferenceBackend::new));
                var second = Backends.firstUsable(List.of(NO_DEVICE, OLD_DRIVER, ReferenceBackend::new))) {
            assertThat(first.name()).isEqualTo("idle");
            assertThat(second.name()).isEqualTo("reference");
        }
    }

    @Test
    void whereNoneCanBeUsedTheLastSaysWhy() {
        assertThatThrownBy(() -> Backends.firstUsable(List.of(OLD_DRIVER, NO_DEVICE))).hasMessage("no device");
    }
}
