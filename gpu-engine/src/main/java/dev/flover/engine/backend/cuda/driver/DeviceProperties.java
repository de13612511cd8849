package dev.flover.engine.backend.cuda.driver;

/// The properties of a device that the backend needs.
///
/// @param name            the driver's name of the device
/// @param capability      compute capability times ten: 90 for 9.0
/// @param multiprocessors number of multiprocessors, each of which can run at least one block at a time
/// @param totalBytes      bytes of device memory
/// @param sharedBytes     most bytes of dynamic shared memory that a block may use
/// @param driverVersion   CUDA version that the driver supports, times 1000: 13000 for 13.0
public record DeviceProperties(
        String name, int capability, int multiprocessors, long totalBytes, int sharedBytes, int driverVersion) {
    @Override
    public String toString() {
        return name + " (compute " + capability / 10 + "." + capability % 10 + ", " + multiprocessors
                + " multiprocessors, " + (totalBytes >> 20) + " MiB, driver for CUDA " + driverVersion / 1000 + "."
                + driverVersion % 1000 / 10 + ")";
    }
}
