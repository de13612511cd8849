package dev.flover.engine.backend.cuda;

import org.junit.jupiter.api.Assumptions;

/// The CUDA backend on the emulated device, for tests.
final class EmulatedBackends {
    private static final long MEMORY_BYTES = 1L << 30;

    private EmulatedBackends() {}

    static EmulatedDriver driver() {
        return driver(3);
    }

    /// @param multiprocessors which choose how many blocks share a product
    static EmulatedDriver driver(int multiprocessors) {
        var emulator = Emulator.instance();
        Assumptions.assumeTrue(emulator.isPresent(), "no C++ compiler, so the kernels cannot be emulated");
        return new EmulatedDriver(emulator.get(), MEMORY_BYTES, multiprocessors);
    }

    static CudaBackend open() {
        return new CudaBackend(driver());
    }
}
