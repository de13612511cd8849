package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.selftest.Check;
import dev.flover.engine.selftest.SelfTest;
import org.junit.jupiter.api.Test;

/// Runs the self-test, which users run on a GPU, on the emulated device.
class CudaSelfTestTest {
    @Test
    void everyCheckPassesOnTheEmulatedDevice() {
        EmulatedBackends.driver().close();
        var checks = new SelfTest(EmulatedBackends::open, 4, SelfTest.Size.SMALL).run(
                check -> System.out.println((check.passed() ? "  " : "X ") + check.name() + ": " + check.detail()));
        assertThat(checks).isNotEmpty().allMatch(Check::passed);
    }
}
