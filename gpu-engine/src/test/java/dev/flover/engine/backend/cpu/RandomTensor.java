package dev.flover.engine.backend.cpu;

import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/// Stored weights of every type for tests.
public final class RandomTensor {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long SEED = 3;

    private RandomTensor() {}

    /// A matrix of random bits with scales of a sensible size, which are written to the known places of each type's f16
    /// scales.
    public static StoredTensor of(TensorType type, int columns, int rows) {
        var random = new Random(SEED);
        var bytes = new byte[Math.toIntExact(rows * type.rowBytes(columns))];
        random.nextBytes(bytes);
        var data = Arena.ofAuto().allocate(bytes.length);
        MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
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
                data.set(SHORT, at + half, Float.floatToFloat16(random.nextFloat() * 0.01f));
            }
            if (type == TensorType.MXFP4) {
                data.set(ValueLayout.JAVA_BYTE, at, (byte) (118 + random.nextInt(8)));
            } else if (type == TensorType.F32) {
                data.set(FLOAT, at, random.nextFloat() - 0.5f);
            } else if (type == TensorType.BF16) {
                data.set(SHORT, at, (short) (Float.floatToRawIntBits(random.nextFloat()) >> 16));
            }
        }
        return new StoredTensor("random", type, rows, columns, data);
    }
}
