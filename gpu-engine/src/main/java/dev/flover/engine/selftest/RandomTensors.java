package dev.flover.engine.selftest;

import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Tensors of pseudo-random numbers as a model file would store them. The numbers are normally distributed, so that
/// sums neither vanish nor overflow.
final class RandomTensors {
    private final Random random;
    private final Arena arena;
    private int count;

    /// @param arena owns the tensors
    RandomTensors(long seed, Arena arena) {
        random = new Random(seed);
        this.arena = arena;
    }

    /// @param type      F32, F16, BF16, Q8_0 or Q4_0
    /// @param deviation the standard deviation of the values
    StoredTensor matrix(TensorType type, int rows, int columns, double deviation) {
        var data = arena.allocate(rows * type.rowBytes(columns), 64);
        for (long block = 0; block < data.byteSize() / type.blockBytes(); block++) {
            long at = block * type.blockBytes();
            switch (type) {
                case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, normal(deviation));
                case F16 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(normal(deviation)));
                case BF16 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at,
                        (short) (Float.floatToRawIntBits(normal(deviation)) >>> 16));
                case Q8_0 -> {
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, scale(deviation / 40));
                    for (int i = 0; i < 32; i++) {
                        data.set(ValueLayout.JAVA_BYTE, at + 2 + i, (byte) Math.clamp(
                                Math.round(40 * random.nextGaussian()), -127, 127));
                    }
                }
                case Q4_0 -> {
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, scale(deviation / 4.6));
                    for (int i = 0; i < 16; i++) {
                        data.set(ValueLayout.JAVA_BYTE, at + 2 + i, (byte) random.nextInt(256));
                    }
                }
                default -> throw new IllegalArgumentException("no random numbers in " + type);
            }
        }
        return new StoredTensor("random-" + count++, type, rows, columns, data.asReadOnly());
    }

    StoredTensor vector(int length, double mean, double deviation) {
        var data = arena.allocate(4L * length, 64);
        for (int i = 0; i < length; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) mean + normal(deviation));
        }
        return new StoredTensor("random-" + count++, TensorType.F32, 1, length, data.asReadOnly());
    }

    /// A row of NaN.
    StoredTensor poison(int columns) {
        var data = arena.allocate(4L * columns, 64);
        for (int i = 0; i < columns; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NaN);
        }
        return new StoredTensor("poison", TensorType.F32, 1, columns, data.asReadOnly());
    }

    private float normal(double deviation) {
        return (float) (deviation * random.nextGaussian());
    }

    private short scale(double mean) {
        return Float.floatToFloat16((float) (mean * (0.75 + 0.5 * random.nextDouble())));
    }
}
