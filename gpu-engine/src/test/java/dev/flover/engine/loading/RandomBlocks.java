package dev.flover.engine.loading;

import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Weights of any type that are random bits, with scales that give the numbers a mean near 0 and a chosen spread. No
/// encoder is needed for them, and they use every value that a type has.
final class RandomBlocks {
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED;

    private RandomBlocks() {}

    /// The bytes of a tensor.
    ///
    /// @param count  the number of elements, a multiple of the type's blocks
    /// @param spread the standard deviation
    static byte[] of(TensorType type, int count, double spread, Random random) {
        if (type.blockElements() == 1) {
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = (float) (spread * random.nextGaussian());
            }
            return GgufWriter.encode(type, values);
        }
        byte[] bytes = new byte[Math.toIntExact(type.rowBytes(count))];
        random.nextBytes(bytes);
        var data = MemorySegment.ofArray(bytes);
        setScales(type, data, 1);
        setScales(type, data, spread / deviation(floats(type, bytes)));
        return bytes;
    }

    /// The numbers that the bytes stand for.
    static float[] floats(TensorType type, byte[] bytes) {
        int count = bytes.length / type.blockBytes() * type.blockElements();
        var values = new float[count];
        try (var arena = Arena.ofConfined()) {
            var data = arena.allocate(bytes.length, Long.BYTES);
            data.copyFrom(MemorySegment.ofArray(bytes));
            Dequantiser.toFloats(new StoredTensor("random", type, 1, count, data), 0, values, 0, count);
        }
        return values;
    }

    /// Sets the scales of all blocks, and the minima so that the mean is near 0.
    private static void setScales(TensorType type, MemorySegment data, double scale) {
        for (long at = 0; at < data.byteSize(); at += type.blockBytes()) {
            switch (type) {
                case Q4_0, Q5_0, Q8_0, IQ4_NL, IQ4_XS -> half(data, at, scale);
                case Q4_1 -> halves(data, at, scale, -7.5 * scale);
                case Q5_1 -> halves(data, at, scale, -15.5 * scale);
                case Q2_K -> halves(data, at + 80, scale, 1.5 * scale);
                case Q3_K -> half(data, at + 108, scale);
                case Q4_K -> halves(data, at, scale, 7.5 * scale);
                case Q5_K -> halves(data, at, scale, 15.5 * scale);
                case Q6_K -> half(data, at + 208, scale);
                case MXFP4 -> data.set(ValueLayout.JAVA_BYTE, at,
                        (byte) (127 + Math.round(Math.log(scale) / Math.log(2))));
                case F32, F16, BF16 -> throw new AssertionError(type + " has no scales");
            }
        }
    }

    private static void halves(MemorySegment data, long at, double scale, double minimum) {
        half(data, at, scale);
        half(data, at + 2, minimum);
    }

    private static void half(MemorySegment data, long at, double value) {
        data.set(HALF, at, Float.floatToFloat16((float) value));
    }

    private static double deviation(float[] values) {
        double squares = 0;
        for (float value : values) {
            squares += value * (double) value;
        }
        return Math.sqrt(squares / values.length);
    }
}
