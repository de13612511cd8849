package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.cpu.kernels.Lanes;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Parts of a product's inputs, joined, give the bits of the whole product, for weights of every type. The parts of
/// eight ranks begin within blocks of 256.
class SummedPartsTest {
    private static final long SEED = 11;
    private static final int INPUTS = 512;
    private static final int OUTPUTS = 37;
    private static final int ROWS = 5;

    @ParameterizedTest
    @EnumSource(TensorType.class)
    void theSumsOfRanksAreThoseOfOneDevice(TensorType type) {
        var whole = Matrix.of(Role.DOWN, RandomTensor.of(type, INPUTS, OUTPUTS)).withShards(8);
        for (String name : List.of("cpu", "cpu-java")) {
            try (var backend = CpuBackends.open(name, 2)) {
                var bias = backend.vector(RandomTensor.of(TensorType.F32, INPUTS, 1));
                for (boolean accumulate : new boolean[] {false, true}) {
                    var expected = product(backend, whole, bias, accumulate);
                    assertThat(IntStream.range(0, expected.length).mapToObj(i -> expected[i])).doesNotContain(0f);
                    for (int ranks = 1; ranks <= 8; ranks *= 2) {
                        assertThat(joined(backend, whole, ranks, bias, accumulate)).as(name + ", " + ranks + " ranks")
                                .isEqualTo(expected);
                    }
                }
            }
        }
    }

    private static float[] product(Backend backend, Matrix whole, Vector bias, boolean accumulate) {
        var out = numbers(backend, 3, 0, OUTPUTS, OUTPUTS);
        var in = numbers(backend, SEED, 0, INPUTS, INPUTS);
        if (accumulate) {
            backend.projectAdd(out, in, ROWS, backend.weight(whole), bias);
        } else {
            backend.project(out, in, ROWS, backend.weight(whole), bias);
        }
        return read(backend, out);
    }

    private static float[] joined(Backend backend, Matrix whole, int ranks, Vector bias, boolean accumulate) {
        var parts = new ArrayList<Tensor>();
        for (int rank = 0; rank < ranks; rank++) {
            var part = whole.partOfInputs(rank, ranks);
            var in = numbers(backend, SEED, part.firstInput(), part.inputs(), INPUTS);
            parts.add(backend.tensor(ROWS, OUTPUTS));
            backend.project(parts.getLast(), in, ROWS, backend.weight(part), null);
        }
        var out = numbers(backend, 3, 0, OUTPUTS, OUTPUTS);
        backend.join(out, parts, ROWS, bias, accumulate);
        return read(backend, out);
    }

    /// Some columns of a matrix of random numbers.
    private static Tensor numbers(Backend backend, long seed, int first, int count, int all) {
        var random = new Random(seed);
        var tensor = HostTensor.of(backend.tensor(ROWS, count));
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < all; column++) {
                float number = (float) random.nextGaussian();
                if (column >= first && column < first + count) {
                    Lanes.set(tensor.row(row) + 4L * (column - first), number);
                }
            }
        }
        return tensor;
    }

    private static float[] read(Backend backend, Tensor tensor) {
        var values = new float[ROWS * OUTPUTS];
        backend.read(tensor, values);
        return values;
    }
}
