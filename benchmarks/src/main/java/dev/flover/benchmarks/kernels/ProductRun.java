package dev.flover.benchmarks.kernels;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Products of one stored type with random weights.
final class ProductRun {
    /// Bytes between these bounds make numbers of ordinary magnitude in every float format, wherever they lie:
    /// subnormal numbers would be slower than those of models.
    private static final int LEAST_BYTE = 0x2A;
    private static final int MOST_BYTE = 0x36;
    private static final int LEAST_PASSES = 3;

    private final Backend backend;
    private final List<Backend.Weight> weights;
    private final Backend.Tensor in;
    private final Backend.Tensor out;

    /// @param rows     the most rows of a product
    /// @param bytes    how many bytes of weights there are at least
    /// @param matrices lives until the backend has copied the weights
    ProductRun(Backend backend, Arena matrices, TensorType type, int outputs, int inputs, int rows, long bytes) {
        this.backend = backend;
        var data = bytes(matrices, outputs * type.rowBytes(inputs));
        weights = new ArrayList<>();
        for (long packed = 0; weights.isEmpty() || packed < bytes; packed += weights.getLast().bytes()) {
            // a backend keeps equal matrices once, so each has its own name
            var weight = backend.weight(Matrix.of(Matrix.Role.GATE_UP,
                    new StoredTensor("random " + weights.size(), type, outputs, inputs, data)));
            assert weights.isEmpty() || weight != weights.getLast() : "the same weights twice";
            weights.add(weight);
        }
        out = backend.tensor(rows, outputs);
        in = Activations.of(backend, matrices, TensorType.F32, rows, inputs);
    }

    private static MemorySegment bytes(Arena arena, long count) {
        var bytes = arena.allocate(count, 64);
        var random = new SplittableRandom(1);
        for (long at = 0; at < count; at++) {
            bytes.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(LEAST_BYTE, MOST_BYTE));
        }
        return bytes;
    }

    /// Bytes of one matrix as the backend keeps it.
    long bytes() {
        return weights.getFirst().bytes();
    }

    /// Returns the nanoseconds of one product in the fastest of several passes.
    ///
    /// @param count   how many matrices are multiplied in turn in a pass; at most all
    /// @param seconds how long passes are repeated
    double nanos(int rows, int count, double seconds) {
        int together = Math.min(count, weights.size());
        double best = Double.MAX_VALUE;
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (int pass = 0; pass < LEAST_PASSES || System.nanoTime() < end; pass++) {
            long start = System.nanoTime();
            for (int i = 0; i < together; i++) {
                backend.project(out, in, rows, weights.get(i), null);
            }
            best = Math.min(best, (double) (System.nanoTime() - start) / together);
        }
        return best;
    }
}
