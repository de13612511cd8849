package dev.flover.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The 4-bit floats of the OCP Microscaling specification, as ggml stores them: blocks of 32 numbers with one scale, a
/// power of two. Block layout: the scale's exponent, then 32 nibbles. The low nibbles are elements 0 to 15.
///
/// `element = level * scale`, where levels are twice the value of the 4-bit float, and the scale is half of the
/// block's.
public final class Mxfp4 {
    /// The numbers of a block.
    public static final int COLUMNS = 32;

    private static final byte[] LEVELS = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

    private Mxfp4() {}

    /// The level of a nibble, an integer from -12 to 12.
    public static int level(int nibble) {
        return LEVELS[nibble];
    }

    /// The factor of a block's levels: 2^(exponent - 128).
    ///
    /// @param at where the block begins
    public static float scale(MemorySegment data, long at) {
        return Math.scalb(1f, (data.get(ValueLayout.JAVA_BYTE, at) & 0xFF) - 128);
    }

    /// Writes 32 floats from `out[to]` on.
    static void toFloats(MemorySegment data, long at, float[] out, int to) {
        float scale = scale(data, at);
        for (int i = 0; i < 16; i++) {
            int pair = data.get(ValueLayout.JAVA_BYTE, at + 1 + i) & 0xFF;
            out[to + i] = LEVELS[pair & 15] * scale;
            out[to + 16 + i] = LEVELS[pair >> 4] * scale;
        }
    }
}
