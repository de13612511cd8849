package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.cpu.kernels.Lanes;
import dev.flover.engine.backend.cpu.kernels.VectorKernels;
import dev.flover.engine.format.MappedFile;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.Matrix.RowRange;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackerTest {
    private static final int COLUMNS = 512;

    @TempDir
    private Path folder;

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

    @ParameterizedTest
    @EnumSource(TensorType.class)
    void rowsThatAreReadFromAFileArePackedLikeRowsInMemory(TensorType type) throws IOException {
        var tensor = RandomTensor.of(type, 2 * COLUMNS, 700);
        var path = folder.resolve("tensor");
        try (var channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(100));
            channel.write(tensor.data().asByteBuffer());
        }
        try (var arena = Arena.ofShared(); var workers = new Workers(2, "test")) {
            var file = MappedFile.map(path, arena);
            var stored = new StoredTensor("stored", type, tensor.rows(), tensor.columns(),
                    file.bytes().asSlice(100), file.file());
            var packer = new Packer(workers, new VectorKernels(), arena);
            for (int shards : new int[] {1, 2}) {
                var whole = new Matrix(Role.DOWN, List.of(new RowRange(tensor, 0, 700)), shards);
                var read = new Matrix(Role.DOWN, List.of(new RowRange(stored, 0, 700)), shards);
                var lastInputs = read.partOfInputs(shards - 1, shards);
                assertThat(KeptWeightsTest.bytes(packer.pack(lastInputs, arena)))
                        .isEqualTo(KeptWeightsTest.bytes(packer.pack(whole.partOfInputs(shards - 1, shards), arena)));
            }
            assertThat(KeptWeightsTest.bytes(packer.pack(scattered(stored, stored), arena)))
                    .isEqualTo(KeptWeightsTest.bytes(packer.pack(scattered(tensor, tensor), arena)));
            assertThat(KeptWeightsTest.bytes(packer.pack(scattered(stored, tensor), arena))).as("partly of the file")
                    .isEqualTo(KeptWeightsTest.bytes(packer.pack(scattered(tensor, tensor), arena)));
        }
    }

    private static Matrix scattered(StoredTensor first, StoredTensor second) {
        return new Matrix(Role.GATE_UP, List.of(new RowRange(first, 3, 30), new RowRange(second, 600, 70),
                new RowRange(first, 33, 300)), 1);
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
