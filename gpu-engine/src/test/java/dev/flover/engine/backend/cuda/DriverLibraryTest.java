package dev.flover.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.Backends;
import dev.flover.engine.backend.cuda.driver.JCudaDevice;
import dev.flover.engine.selftest.Check;
import dev.flover.engine.selftest.SelfTest;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class DriverLibraryTest {
    @Test
    void withoutADeviceOneSentenceSaysWhatIsMissing() {
        Assumptions.assumeFalse(JCudaDevice.problem().isEmpty(), "there is a device here");
        assertThatThrownBy(() -> Backends.open("cuda", 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(
                        ".*(libcuda.so.1|no usable device|no CUDA kernels|compute capability|found no device).*")
                .satisfies(thrown -> assertThat(thrown.getMessage().lines()).hasSize(1));
    }

    @Test
    void theSurveySaysTheSame() {
        Assumptions.assumeFalse(JCudaDevice.problem().isEmpty(), "there is a device here");
        assertThat(Backends.survey()).filteredOn(report -> report.name().equals("cuda")).singleElement()
                .satisfies(report -> {
                    assertThat(report.usable()).isFalse();
                    assertThat(report.detail()).isEqualTo(JCudaDevice.problem());
                });
    }

    @Test
    @Tag("gpu")
    void theSelfTestPassesOnTheDevice() {
        Assumptions.assumeTrue(JCudaDevice.problem().isEmpty(), JCudaDevice::problem);
        var checks = new SelfTest(() -> CudaBackend.open(0), 2, SelfTest.Size.FULL).run(check -> { });
        assertThat(checks).isNotEmpty().allMatch(Check::passed);
    }
}
