package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;

/// The peak rates of a device, measured by kernels of this backend. They give lower bounds for the time of a step.
///
/// @param operations multiplications and additions of f16 a second, with `mma.sync`
/// @param readBytes  bytes a second that are read from memory outside all caches
public record CudaCeilings(double operations, double readBytes) {
    private static final int REPEATS = 5;
    private static final long LEAST_READ_BYTES = 1 << 18;
    private static final long MOST_READ_BYTES = 1 << 30;
    private static final int LEAST_ROUNDS = 2;
    private static final int MOST_ROUNDS = 4096;
    /// The time of a measured run, so long that the time of a launch does not matter.
    private static final double RUN_SECONDS = 0.02;
    private static final int READ_THREADS = 512;
    private static final int MULTIPLY_THREADS = 256;
    private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

    /// Operations of a block in a round: products of 16 x 8 x 16, in eight chains of each of eight warps.
    private static final double OPERATIONS_PER_BLOCK_AND_ROUND = 2.0 * 16 * 8 * 16 * 8 * 8;

    /// Measures each rate several times and keeps the best. Takes well under a second on a device.
    ///
    /// @param rounds rounds of multiplications
    static CudaCeilings measure(Driver driver, KernelSet kernels, long readBytes, int rounds) {
        var arguments = new Arguments();
        int blocks = BLOCKS_PER_MULTIPROCESSOR * driver.properties().multiprocessors();
        long memory = driver.allocate(readBytes, "measuring");
        long sink = driver.allocate(4L * blocks * MULTIPLY_THREADS, "measuring");
        driver.enqueueFill(memory, (byte) 1, readBytes);
        double read = best(driver, () -> driver.launch(kernels.ceilingRead, blocks, 1, 1, READ_THREADS, 0,
                arguments.begin().pointer(memory).wide(readBytes).pointer(sink)));
        double multiply = best(driver, () -> driver.launch(kernels.ceilingMultiply, blocks, 1, 1, MULTIPLY_THREADS, 0,
                arguments.begin().pointer(sink).integer(rounds)));
        driver.synchronise();
        driver.free(memory);
        driver.free(sink);
        return new CudaCeilings(OPERATIONS_PER_BLOCK_AND_ROUND * blocks * rounds / multiply, readBytes / read);
    }

    /// Measures with little work first, to find how much work this device needs for a run of [#RUN_SECONDS].
    static CudaCeilings measure(Driver driver, KernelSet kernels) {
        var little = measure(driver, kernels, LEAST_READ_BYTES, LEAST_ROUNDS);
        long most = Math.min(MOST_READ_BYTES, driver.freeBytes() / 2);
        long bytes = Math.clamp((long) (little.readBytes * RUN_SECONDS), LEAST_READ_BYTES, most) & -4096;
        double roundOperations = OPERATIONS_PER_BLOCK_AND_ROUND * BLOCKS_PER_MULTIPROCESSOR
                * driver.properties().multiprocessors();
        int rounds = (int) Math.clamp(little.operations * RUN_SECONDS / roundOperations, LEAST_ROUNDS, MOST_ROUNDS);
        return measure(driver, kernels, bytes, rounds);
    }

    /// The seconds of the fastest of several runs.
    private static double best(Driver driver, Runnable work) {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < REPEATS; i++) {
            driver.mark(0);
            work.run();
            driver.mark(1);
            best = Math.min(best, driver.microsecondsBetween(0, 1) * 1e-6);
        }
        return best;
    }
}
