package dev.flover.benchmarks.kernels;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/// Rows of numbers that are not zero.
final class Activations {
    private static final int INPUTS = 256;

    private Activations() {}

    /// Returns `[rows][width]` small whole numbers: the bias of a product with rows of zeros.
    ///
    /// @param type the type of the product's matrix. A backend keeps keys and values in f32 if all matrices have F32
    static Tensor of(Backend backend, Arena arena, TensorType type, int rows, int width) {
        var bias = arena.allocate(4L * width, 64);
        for (int i = 0; i < width; i++) {
            bias.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, i % 17 - 8);
        }
        var narrow = backend.tensor(rows, INPUTS);
        var zeros = Matrix.of(Matrix.Role.GATE_UP, new StoredTensor("zeros", type, width, INPUTS,
                arena.allocate(width * type.rowBytes(INPUTS), 64)));
        var activations = backend.tensor(rows, width);
        backend.project(activations, narrow, rows, backend.weight(zeros),
                backend.vector(new StoredTensor("bias", TensorType.F32, 1, width, bias)));
        return activations;
    }
}
