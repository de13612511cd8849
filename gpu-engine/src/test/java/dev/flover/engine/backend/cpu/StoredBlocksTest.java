package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.backend.cpu.kernels.BlockForm.ScaleForm;
import dev.flover.engine.backend.cpu.kernels.Lanes;
import dev.flover.engine.backend.cpu.kernels.VectorKernels;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class StoredBlocksTest {
    private static final long SEED = 3;
    private static final int COLUMNS = 512;
    private static final int LANE = 11;

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = {"F32", "F16", "BF16"})
    void takenApartAndPutTogetherABlockIsWhatTheDequantiserSays(TensorType type) {
        var tensor = random(type, 3);
        var expected = new float[3 * COLUMNS];
        Dequantiser.toFloats(tensor, 0, expected, 0, expected.length);
        var block = new StoredBlocks(type);
        var form = StoredBlocks.formOf(type);
        var record = new int[form.recordBytes() / 4];
        for (int row = 0; row < 3; row++) {
            for (int index = 0; index < COLUMNS / 32; index++) {
                long at = row * tensor.rowBytes() + (long) (index / form.span) * type.blockBytes();
                block.stage(tensor.data(), at, 1, LANE);
                block.takeApart(0, record);
                for (int i = 0; i < 32; i++) {
                    assertThat(weight(form, block, record, index % form.span, i))
                            .as(type + " element " + i + " of block " + index + ", seed " + SEED)
                            .isEqualTo(expected[row * COLUMNS + 32 * index + i]);
                }
            }
        }
    }

    private static float weight(BlockForm form, StoredBlocks stored, int[] record, int block, int i) {
        int group = i / form.group;
        float scale = form.scale == ScaleForm.POWER
                ? Math.scalb(1f, stored.scales[LANE] - 128) : Float.float16ToFloat(stored.scales[LANE]);
        float minimum = form.minimums ? Float.float16ToFloat(stored.minimums[LANE]) : 0;
        int code = bits(record, 64 * form.low * block, form.low, i);
        if (form.high > 0) {
            code |= bits(record, form.highPlane() + 64 * form.high * block, form.high, i) << form.low;
        }
        return scale * factor(form, record, block, group, 0) * form.number(code)
                + minimum * factor(form, record, block, group, 1);
    }

    private static int bits(int[] record, int plane, int bits, int i) {
        int register = i / 4 % bits;
        int word = record[plane / 4 + 16 * register + LANE];
        return word >>> i % 4 * 8 + i / 4 - register & (1 << bits) - 1;
    }

    private static int factor(BlockForm form, int[] record, int block, int group, int kind) {
        int at = form.factors(block, group, kind) + LANE;
        return switch (form.scale) {
            case HALF, POWER -> 1;
            case FACTOR -> kind == 1 && !form.minimums ? 0 : (byte) (record[at / 4] >>> at % 4 * 8);
            case NIBBLE -> record[at / 4] >>> at % 4 * 8 + 4 * kind & 15;
        };
    }

    /// Where a type's rows come packed, a model takes as much memory as in its file, or up to a twentieth more.
    @ParameterizedTest
    @EnumSource(TensorType.class)
    void packedWeightsTakeAsMuchAsTheStoredOnes(TensorType type) {
        var tensor = random(type, 64);
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
        var tensor = random(type, outputs);
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

    /// A matrix of random bits with scales of a sensible size, which are written to the known places of each type's f16
    /// scales.
    static StoredTensor random(TensorType type, int rows) {
        var random = new Random(SEED);
        var bytes = new byte[Math.toIntExact(rows * type.rowBytes(COLUMNS))];
        random.nextBytes(bytes);
        var data = Arena.ofAuto().allocate(bytes.length);
        MemorySegment.copy(bytes, 0, data, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, bytes.length);
        int[] halves = switch (type) {
            case F32, BF16, MXFP4 -> new int[] {};
            case F16, Q8_0, Q4_0, Q5_0, IQ4_NL, IQ4_XS -> new int[] {0};
            case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
            case Q2_K -> new int[] {80, 82};
            case Q3_K -> new int[] {108};
            case Q6_K -> new int[] {208};
        };
        for (long at = 0; at < bytes.length; at += type.blockBytes()) {
            for (int half : halves) {
                data.set(Packer.SHORT, at + half, Float.floatToFloat16(random.nextFloat() * 0.01f));
            }
            if (type == TensorType.MXFP4) {
                data.set(java.lang.foreign.ValueLayout.JAVA_BYTE, at, (byte) (118 + random.nextInt(8)));
            } else if (type == TensorType.F32) {
                data.set(Packer.FLOAT, at, random.nextFloat() - 0.5f);
            } else if (type == TensorType.BF16) {
                data.set(Packer.SHORT, at, (short) (Float.floatToRawIntBits(random.nextFloat()) >> 16));
            }
        }
        return new StoredTensor("random", type, rows, COLUMNS, data);
    }
}
