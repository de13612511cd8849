package dev.flover.engine.backend.cuda;

/// @param name            as the driver says it
/// @param capability      compute capability times ten: 90 for 9.0
/// @param multiprocessors how many blocks can make progress at once, at least
/// @param totalBytes      of device memory
/// @param sharedBytes     most dynamic shared memory of a block
/// @param driverVersion   CUDA version the driver supports, times 1000: 13000 for 13.0
public record DeviceProperties(
        String name, int capability, int multiprocessors, long totalBytes, int sharedBytes, int driverVersion) {
    @Override
    public String toString() {
        return name + " (compute " + capability / 10 + "." + capability % 10 + ", " + multiprocessors
                + " multiprocessors, " + (totalBytes >> 20) + " MiB, driver for CUDA " + driverVersion / 1000 + "."
                + driverVersion % 1000 / 10 + ")";
    }
}
