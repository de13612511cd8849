package dev.flover.engine.backend.cuda.weights;

import dev.flover.engine.tensor.Mxfp4;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// 32 columns of a stored row as small integers: `weight = scale * value + offset`, with scale and offset as f16 bits.
/// One object is reused for many groups.
///
/// Exact for Q8_0, Q4_0 and Q4_1, and for MXFP4 unless a scale is outside of f16's range (2^-24 to 2^15). The
/// scales and offsets of Q4_K are products of two numbers and are rounded to f16.
final class QuantisedGroup {
    static final int COLUMNS = 32;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int SUPER_BLOCK = 256;

    private final int[] values = new int[COLUMNS];
    private short scale;
    private short offset;

    /// Reads one group of a row. Values are -128 to 127 for Q8_0 and MXFP4, and 0 to 15 for the other types.
    void read(StoredTensor tensor, int row, int group) {
        long rowAt = row * tensor.rowBytes();
        var type = tensor.type();
        var data = tensor.data();
        switch (type) {
            case Q8_0 -> q8(data, rowAt + (long) group * type.blockBytes());
            case MXFP4 -> mxfp4(data, rowAt + (long) group * type.blockBytes());
            case Q4_0 -> q4(data, rowAt + (long) group * type.blockBytes());
            case Q4_1 -> q4Minimum(data, rowAt + (long) group * type.blockBytes());
            case Q4_K -> q4Super(data, rowAt + (long) (group / 8) * type.blockBytes(), group % 8);
            default -> throw new AssertionError(type + " is not a type with quantised groups");
        }
    }

    int value(int column) {
        return values[column];
    }

    short scale() {
        return scale;
    }

    short offset() {
        return offset;
    }

    private void q8(MemorySegment data, long at) {
        scale = data.get(SHORT, at);
        offset = 0;
        for (int i = 0; i < COLUMNS; i++) {
            values[i] = data.get(ValueLayout.JAVA_BYTE, at + 2 + i);
        }
    }

    private void mxfp4(MemorySegment data, long at) {
        scale = Float.floatToFloat16(Mxfp4.scale(data, at));
        offset = 0;
        for (int i = 0; i < COLUMNS / 2; i++) {
            int pair = unsigned(data, at + 1 + i);
            values[i] = Mxfp4.level(pair & 15);
            values[i + COLUMNS / 2] = Mxfp4.level(pair >> 4);
        }
    }

    private void q4(MemorySegment data, long at) {
        scale = data.get(SHORT, at);
        offset = Float.floatToFloat16(-8 * Float.float16ToFloat(scale));
        nibbles(data, at + 2);
    }

    private void q4Minimum(MemorySegment data, long at) {
        scale = data.get(SHORT, at);
        offset = data.get(SHORT, at + 2);
        nibbles(data, at + 4);
    }

    /// Unpacks 16 bytes: the low nibbles are the first 16 columns, the high nibbles the other 16.
    private void nibbles(MemorySegment data, long at) {
        for (int i = 0; i < COLUMNS / 2; i++) {
            int pair = unsigned(data, at + i);
            values[i] = pair & 15;
            values[i + COLUMNS / 2] = pair >> 4;
        }
    }

    /// Reads group `group` of the 8 groups of a super-block. Scale and minimum have 6 bits each and are packed in
    /// twelve bytes; 32 bytes hold the values of two groups.
    private void q4Super(MemorySegment data, long at, int group) {
        assert TensorType.Q4_K.blockElements() == SUPER_BLOCK;
        long packed = at + 4;
        int factor;
        int minimum;
        if (group < 4) {
            factor = unsigned(data, packed + group) & 63;
            minimum = unsigned(data, packed + group + 4) & 63;
        } else {
            int low = unsigned(data, packed + group + 4);
            factor = low & 15 | unsigned(data, packed + group - 4) >> 6 << 4;
            minimum = low >> 4 | unsigned(data, packed + group) >> 6 << 4;
        }
        scale = Float.floatToFloat16(Float.float16ToFloat(data.get(SHORT, at)) * factor);
        offset = Float.floatToFloat16(-Float.float16ToFloat(data.get(SHORT, at + 2)) * minimum);
        long pairs = at + 16 + group / 2 * COLUMNS;
        for (int i = 0; i < COLUMNS; i++) {
            int pair = unsigned(data, pairs + i);
            values[i] = group % 2 == 0 ? pair & 15 : pair >> 4;
        }
    }

    private static int unsigned(MemorySegment data, long at) {
        return data.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }
}
