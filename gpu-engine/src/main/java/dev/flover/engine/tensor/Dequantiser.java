package dev.flover.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Converts stored numbers to floats, with the same bits as ggml's dequantisation.
///
/// Each formula multiplies in ggml's order, in float, because another order would round differently.
public final class Dequantiser {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Dequantiser() {}

    /// Writes `count` elements to `out`, beginning with element `firstElement` of the tensor in row-major order.
    ///
    /// @param firstElement a multiple of the type's block size in elements
    /// @param count        a multiple of the type's block size in elements
    public static void toFloats(StoredTensor tensor, long firstElement, float[] out, int outOffset, int count) {
        var type = tensor.type();
        int block = type.blockElements();
        if (firstElement % block != 0 || count % block != 0) {
            throw new IllegalArgumentException("elements " + firstElement + " to " + (firstElement + count) + " of "
                    + tensor.name() + " are not whole blocks of " + block);
        }
        var data = tensor.data();
        long offset = firstElement / block * type.blockBytes();
        int end = outOffset + count;
        for (int at = outOffset; at < end; at += block) {
            block(type, data, offset, out, at);
            offset += type.blockBytes();
        }
    }

    private static void block(TensorType type, MemorySegment data, long at, float[] out, int to) {
        switch (type) {
            case F32 -> out[to] = data.get(FLOAT, at);
            case F16 -> out[to] = half(data, at);
            case BF16 -> out[to] = Float.intBitsToFloat(data.get(SHORT, at) << 16);
            case Q8_0 -> q8Block(data, at, out, to);
            case Q4_0 -> q4Block(data, at, out, to);
            case Q4_1 -> q4MinimumBlock(data, at, out, to);
            case Q5_0 -> q5Block(data, at, out, to);
            case Q5_1 -> q5MinimumBlock(data, at, out, to);
            case IQ4_NL -> SuperBlocks.levels(data, at + 2, half(data, at), out, to);
            case Q2_K -> SuperBlocks.q2(data, at, out, to);
            case Q3_K -> SuperBlocks.q3(data, at, out, to);
            case Q4_K -> SuperBlocks.q4(data, at, out, to);
            case Q5_K -> SuperBlocks.q5(data, at, out, to);
            case Q6_K -> SuperBlocks.q6(data, at, out, to);
            case IQ4_XS -> SuperBlocks.iq4(data, at, out, to);
            case MXFP4 -> Mxfp4.toFloats(data, at, out, to);
        }
    }

    /// Block layout: a scale as f16, then 32 signed bytes.
    private static void q8Block(MemorySegment data, long at, float[] out, int to) {
        float scale = half(data, at);
        for (int i = 0; i < 32; i++) {
            out[to + i] = data.get(ValueLayout.JAVA_BYTE, at + 2 + i) * scale;
        }
    }

    /// Block layout: a scale as f16, then 32 nibbles, each biased by 8. The low nibbles are elements 0 to 15.
    private static void q4Block(MemorySegment data, long at, float[] out, int to) {
        float scale = half(data, at);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 2 + i);
            out[to + i] = ((pair & 15) - 8) * scale;
            out[to + 16 + i] = ((pair >> 4) - 8) * scale;
        }
    }

    /// Block layout: a scale and a minimum as f16, then 32 nibbles. The low nibbles are elements 0 to 15.
    private static void q4MinimumBlock(MemorySegment data, long at, float[] out, int to) {
        float scale = half(data, at);
        float minimum = half(data, at + 2);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 4 + i);
            out[to + i] = (pair & 15) * scale + minimum;
            out[to + 16 + i] = (pair >> 4) * scale + minimum;
        }
    }

    /// Block layout: a scale as f16, the fifth bits of the 32 elements, then their 32 low nibbles. Elements are biased
    /// by 16.
    private static void q5Block(MemorySegment data, long at, float[] out, int to) {
        float scale = half(data, at);
        int fifths = data.get(INT, at + 2);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 6 + i);
            out[to + i] = ((pair & 15 | (fifths >>> i & 1) << 4) - 16) * scale;
            out[to + 16 + i] = ((pair >> 4 | (fifths >>> i + 16 & 1) << 4) - 16) * scale;
        }
    }

    /// Block layout: a scale and a minimum as f16, the fifth bits of the 32 elements, then their 32 low nibbles.
    private static void q5MinimumBlock(MemorySegment data, long at, float[] out, int to) {
        float scale = half(data, at);
        float minimum = half(data, at + 2);
        int fifths = data.get(INT, at + 4);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 8 + i);
            out[to + i] = (pair & 15 | (fifths >>> i & 1) << 4) * scale + minimum;
            out[to + 16 + i] = (pair >> 4 | (fifths >>> i + 16 & 1) << 4) * scale + minimum;
        }
    }

    static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(SHORT, at));
    }

    private static int unsigned(MemorySegment data, long at) {
        return data.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }
}
