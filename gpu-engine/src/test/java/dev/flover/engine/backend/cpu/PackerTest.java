package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.cpu.kernels.Lanes;
import dev.flover.engine.backend.cpu.kernels.VectorKernels;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.TensorType;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackerTest {
    private static final int COLUMNS = 512;

    /// Where a type's rows come packed, a model takes as much memory as in its file, or up to a twentieth more.
    @ParameterizedTest
    @EnumSource(TensorType.class)
    void packedWeightsTakeAsMuchAsTheStoredOnes(TensorType type) {
        var tensor = RandomTensor.of(type, COLUMNS, 64);
        try (var backend = new CpuBackend(new VectorKernels(), new Workers(1, "test"))) {
            long packed = backend.weight(Matrix.of(Role.DOWN, tensor)).bytes();
            assertThat((double) packed / tensor.data().byteSize()).isBetween(1.0, 1.05);
        }
    }

    /// Reads the packed weights back by projecting unit vectors.
    @ParameterizedTest
    @EnumSource(TensorType.class)
    void packedWeightsAreTheStoredOnes(TensorType type) {
        int outputs = 37;
        var tensor = RandomTensor.of(type, COLUMNS, outputs);
        var expected = new float[outputs * COLUMNS];
        Dequantiser.toFloats(tensor, 0, expected, 0, expected.length);
        try (var backend = new CpuBackend(new VectorKernels(), new Workers(2, "test"))) {
            var weight = backend.weight(Matrix.of(Role.DOWN, tensor));
            var in = HostTensor.of(backend.tensor(COLUMNS, COLUMNS));
            var out = HostTensor.of(backend.tensor(COLUMNS, outputs));
            for (int k = 0; k < COLUMNS; k++) {
                Lanes.set(in.row(k) + 4L * k, 127);     // 127 is quantised exactly
            }
            backend.project(out, in, COLUMNS, weight, null);
            for (int k = 0; k < COLUMNS; k++) {
                for (int output = 0; output < outputs; output++) {
                    float stored = expected[output * COLUMNS + k];
                    // scale and minimum, each multiplied by 127, are rounded separately
                    assertThat(Lanes.get(out.row(k) + 4L * output) / 127)
                            .as("weight of output " + output + ", input " + k)
                            .isEqualTo(stored, Offset.offset(Math.max(Math.abs(stored), 1) * 0x1p-18f));
                }
            }
        }
    }
}
