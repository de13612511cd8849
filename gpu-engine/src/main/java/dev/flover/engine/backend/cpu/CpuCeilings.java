package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.cpu.kernels.Kernels;
import java.lang.foreign.Arena;

/// The peak rates of a machine, all threads together, with the instructions that the kernels use.
///
/// @param floatOperations   f32 multiplications and additions a second
/// @param bf16Operations   multiplications of bf16 numbers and additions a second
/// @param integerOperations multiplications and additions of bytes a second
/// @param readBytes         bytes a second that are read from memory outside all caches
public record CpuCeilings(
        double floatOperations, double bf16Operations, double integerOperations, double readBytes) {
    private static final int REPEATS = 5;
    private static final long ROUNDS = 2_000_000;
    private static final long READ_BYTES = 256L << 20;

    /// Measures each rate several times and keeps the best.
    static CpuCeilings measure(Kernels kernels, int threads) {
        try (var workers = new Workers(threads, "ceilings"); var arena = Arena.ofShared()) {
            double floats = best(workers, worker -> sink(kernels.computeFloats(ROUNDS)));
            double bf16 = best(workers, worker -> sink(kernels.computeBf16(ROUNDS)));
            double integers = best(workers, worker -> sink(kernels.computeIntegers(ROUNDS)));
            long share = READ_BYTES / threads & -4096;
            var memory = kernels.memory(arena).allocate(share * threads);
            memory.fill((byte) 1);
            double read = best(workers, worker -> sink(kernels.read(memory.address() + worker * share, share / 4)));
            return new CpuCeilings(
                    2.0 * 192 * ROUNDS * threads / floats,
                    2.0 * kernels.bf16Products() * ROUNDS * threads / bf16,
                    2.0 * kernels.integerProducts() * ROUNDS * threads / integers,
                    share * threads / read);
        }
    }

    private interface Piece {
        void run(int tile);
    }

    /// The seconds of the fastest of several runs, where each thread runs one tile.
    private static double best(Workers workers, Piece piece) {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < REPEATS; i++) {
            long start = System.nanoTime();
            workers.run((tile, _) -> piece.run(tile), workers.count());
            best = Math.min(best, (System.nanoTime() - start) * 1e-9);
        }
        return best;
    }

    private static void sink(float value) {
        if (Float.isNaN(value)) {
            throw new ArithmeticException("the sum of a peak-rate measurement is NaN");
        }
    }
}
