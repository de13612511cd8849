package dev.flover.engine.backend.cuda;

import org.junit.jupiter.api.Assumptions;

/// Opens CUDA backends on the emulated device, for tests.
final class EmulatedBackends {
    private static final long MEMORY_BYTES = 1L << 30;

    private EmulatedBackends() {}

    static EmulatedDriver driver() {
        return driver(3);
    }

    /// @param multiprocessors number of multiprocessors, on which the number of blocks that share a product depends
    static EmulatedDriver driver(int multiprocessors) {
        var emulator = Emulator.instance();
        Assumptions.assumeTrue(emulator.isPresent(), "no C++ compiler, so the kernels cannot be emulated");
        return new EmulatedDriver(emulator.get(), MEMORY_BYTES, multiprocessors);
    }

    /// One of several devices.
    static EmulatedDriver device(int number) {
        driver().close();       // skips the test where there is no compiler
        return new EmulatedDriver(Emulator.instance().orElseThrow(), MEMORY_BYTES, 3, number);
    }

    /// As [#device], with 96 MB of memory.
    static EmulatedDriver smallDevice(int number) {
        driver().close();
        return new EmulatedDriver(Emulator.instance().orElseThrow(), 96 << 20, 3, number);
    }

    static CudaBackend open() {
        return new CudaBackend(driver());
    }
}
