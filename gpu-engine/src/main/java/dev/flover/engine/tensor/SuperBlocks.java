package dev.flover.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// ggml's blocks of 256 elements: one float scale for the block, and small integer scales for its parts of 16 or 32
/// elements.
///
/// The comment on each method shows the layout of the block in bytes. Each method writes 256 floats from `out[to]` on.
final class SuperBlocks {
    /// The 16 values of the non-linear 4-bit types.
    static final byte[] LEVELS = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    private SuperBlocks() {}

    /// Q2_K, with the bytes of each part: `scales 16 | 2-bit quants 64 | scale 2 | minimum 2`
    static void q2(MemorySegment data, long at, float[] out, int to) {
        float scale = Dequantiser.half(data, at + 80);
        float minimum = Dequantiser.half(data, at + 82);
        for (int part = 0; part < 16; part++) {
            int factors = unsigned(data, at + part);
            float partScale = scale * (factors & 15);
            float partMinimum = minimum * (factors >> 4);
            long quants = at + 16 + part / 8 * 32 + part % 2 * 16;
            int shift = part / 2 % 4 * 2;
            for (int i = 0; i < 16; i++) {
                out[to + part * 16 + i] = partScale * (unsigned(data, quants + i) >> shift & 3) - partMinimum;
            }
        }
    }

    /// Q3_K, with the bytes of each part: `high bits 32 | low 2 bits 64 | 6-bit scales 12 | scale 2`
    static void q3(MemorySegment data, long at, float[] out, int to) {
        float scale = Dequantiser.half(data, at + 108);
        for (int part = 0; part < 16; part++) {
            float partScale = scale * (q3Scale(data, at + 96, part) - 32);
            long quants = at + 32 + part / 8 * 32 + part % 2 * 16;
            long highs = at + part % 2 * 16;
            int shift = part / 2 % 4 * 2;
            int highBit = part / 2;
            for (int i = 0; i < 16; i++) {
                int low = unsigned(data, quants + i) >> shift & 3;
                int borrowed = (unsigned(data, highs + i) >> highBit & 1) == 1 ? 0 : 4;
                out[to + part * 16 + i] = partScale * (low - borrowed);
            }
        }
    }

    /// The 6-bit scale of a part: its low nibble is in the first 8 bytes, its two high bits in the last 4.
    private static int q3Scale(MemorySegment data, long scales, int part) {
        int low = unsigned(data, scales + part % 8) >> part / 8 * 4 & 15;
        int high = unsigned(data, scales + 8 + part % 4) >> part / 4 * 2 & 3;
        return low | high << 4;
    }

    /// Q4_K, with the bytes of each part: `scale 2 | minimum 2 | 6-bit scales and minimums 12 | 4-bit quants 128`
    static void q4(MemorySegment data, long at, float[] out, int to) {
        float scale = Dequantiser.half(data, at);
        float minimum = Dequantiser.half(data, at + 2);
        for (int part = 0; part < 8; part++) {
            float partScale = scale * sixBitScale(data, at + 4, part);
            float partMinimum = minimum * sixBitMinimum(data, at + 4, part);
            long quants = at + 16 + part / 2 * 32;
            int shift = part % 2 * 4;
            for (int i = 0; i < 32; i++) {
                out[to + part * 32 + i] = partScale * (unsigned(data, quants + i) >> shift & 15) - partMinimum;
            }
        }
    }

    /// Q5_K, with the bytes of each part: `scale 2 | minimum 2 | 6-bit scales and minimums 12 | fifth bits 32 | 4-bit
    /// quants 128`
    static void q5(MemorySegment data, long at, float[] out, int to) {
        float scale = Dequantiser.half(data, at);
        float minimum = Dequantiser.half(data, at + 2);
        for (int part = 0; part < 8; part++) {
            float partScale = scale * sixBitScale(data, at + 4, part);
            float partMinimum = minimum * sixBitMinimum(data, at + 4, part);
            long quants = at + 48 + part / 2 * 32;
            int shift = part % 2 * 4;
            for (int i = 0; i < 32; i++) {
                int fifth = unsigned(data, at + 16 + i) >> part & 1;
                int quant = unsigned(data, quants + i) >> shift & 15 | fifth << 4;
                out[to + part * 32 + i] = partScale * quant - partMinimum;
            }
        }
    }

    /// Q6_K, with the bytes of each part: `low 4 bits 128 | high 2 bits 64 | scales 16 | scale 2`
    static void q6(MemorySegment data, long at, float[] out, int to) {
        float scale = Dequantiser.half(data, at + 208);
        for (int part = 0; part < 16; part++) {
            float partScale = scale * data.get(ValueLayout.JAVA_BYTE, at + 192 + part);
            int half = part / 8;
            int quarter = part / 2 % 4;
            long lows = at + half * 64 + quarter % 2 * 32 + part % 2 * 16;
            long highs = at + 128 + half * 32 + part % 2 * 16;
            for (int i = 0; i < 16; i++) {
                int low = unsigned(data, lows + i) >> quarter / 2 * 4 & 15;
                int high = unsigned(data, highs + i) >> quarter * 2 & 3;
                out[to + part * 16 + i] = partScale * ((low | high << 4) - 32);
            }
        }
    }

    /// IQ4_XS, with the bytes of each part: `scale 2 | high 2 bits of scales 2 | low 4 bits of scales 4 | 4-bit quants
    /// 128`
    static void iq4(MemorySegment data, long at, float[] out, int to) {
        float scale = Dequantiser.half(data, at);
        int highs = unsigned(data, at + 2) | unsigned(data, at + 3) << 8;
        for (int part = 0; part < 8; part++) {
            int low = unsigned(data, at + 4 + part / 2) >> part % 2 * 4 & 15;
            int high = highs >> part * 2 & 3;
            levels(data, at + 8 + part * 16, scale * ((low | high << 4) - 32), out, to + part * 32);
        }
    }

    /// Reads 16 bytes of nibbles, each the index of a level, and writes 32 floats. The low nibbles are elements 0 to
    /// 15.
    static void levels(MemorySegment data, long quants, float scale, float[] out, int to) {
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, quants + i);
            out[to + i] = scale * LEVELS[pair & 15];
            out[to + 16 + i] = scale * LEVELS[pair >> 4];
        }
    }

    /// The 6-bit scale of a part. Parts 0 to 3 have six bits in one byte; parts 4 to 7 have a nibble, and their high
    /// two bits are the top bits of the bytes of parts 0 to 3.
    private static int sixBitScale(MemorySegment data, long scales, int part) {
        return part < 4
                ? unsigned(data, scales + part) & 63
                : unsigned(data, scales + part + 4) & 15 | unsigned(data, scales + part - 4) >> 6 << 4;
    }

    private static int sixBitMinimum(MemorySegment data, long scales, int part) {
        return part < 4
                ? unsigned(data, scales + part + 4) & 63
                : unsigned(data, scales + part + 4) >> 4 | unsigned(data, scales + part) >> 6 << 4;
    }

    private static int unsigned(MemorySegment data, long at) {
        return data.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
    }
}
