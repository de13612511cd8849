package dev.flover.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;

/// 32 weights of a model file in their parts, as [BlockForm] has them: a code for each weight, scale and minimum of the
/// stored block, and their factors for each group. One object is reused for many blocks.
final class StoredBlock {
    /// The sign of an f16 number. ggml subtracts the minimums of super-blocks; here they are added.
    private static final short SIGN = (short) 0x8000;

    final int[] codes = new int[32];
    /// The whole-number factors of each group's scale and minimum; unspecified in forms without factors.
    final int[] factors = new int[2];
    final int[] minimumFactors = new int[2];
    /// The f16 scale and minimum; in [BlockForm.ScaleForm#POWER] the scale is the exponent plus 128.
    short scale;
    short minimum;

    /// The layout of panels that hold weights of this type; null for unquantised types.
    static BlockForm formOf(TensorType type) {
        return switch (type) {
            case F32, F16, BF16 -> null;
            case Q8_0 -> BlockForm.Q8_0;
            case Q4_0 -> BlockForm.Q4_0;
            case Q4_1 -> BlockForm.Q4_1;
            case Q5_0 -> BlockForm.Q5_0;
            case Q5_1 -> BlockForm.Q5_1;
            case IQ4_NL -> BlockForm.IQ4_NL;
            case IQ4_XS -> BlockForm.IQ4_XS;
            case MXFP4 -> BlockForm.MXFP4;
            case Q2_K -> BlockForm.Q2_K;
            case Q3_K -> BlockForm.Q3_K;
            case Q4_K -> BlockForm.Q4_K;
            case Q5_K -> BlockForm.Q5_K;
            case Q6_K -> BlockForm.Q6_K;
        };
    }

    /// @param at   where a stored block begins in `data`, in bytes
    /// @param part which 32 weights of the stored block to read, counted from 0
    void read(TensorType type, MemorySegment data, long at, int part) {
        switch (type) {
            case F32, F16, BF16 -> throw new IllegalArgumentException(type + " is not a quantised type");
            case Q8_0 -> readQ8(data, at);
            case Q4_0, IQ4_NL -> readNibbles(data, at, at + 2, 0);
            case Q4_1 -> readNibbles(data, at, at + 4, 0);
            case Q5_0 -> readNibbles(data, at, at + 6, data.get(Packer.INT, at + 2));
            case Q5_1 -> readNibbles(data, at, at + 8, data.get(Packer.INT, at + 4));
            case MXFP4 -> readMxfp4(data, at);
            case IQ4_XS -> readIq4(data, at, part);
            case Q2_K -> readQ2(data, at, part);
            case Q3_K -> readQ3(data, at, part);
            case Q4_K -> readQ4(data, at, part);
            case Q5_K -> readQ5(data, at, part);
            case Q6_K -> readQ6(data, at, part);
        }
    }

    private void readQ8(MemorySegment data, long at) {
        scale = data.get(Packer.SHORT, at);
        for (int i = 0; i < 32; i++) {
            codes[i] = data.get(JAVA_BYTE, at + 2 + i) + 128;
        }
    }

    /// Reads a type whose minimum, if it has one, follows the scale.
    ///
    /// @param fifths the fifth bit of each of the 32 codes, for five-bit types; 0 for others
    private void readNibbles(MemorySegment data, long at, long nibbles, int fifths) {
        scale = data.get(Packer.SHORT, at);
        minimum = data.get(Packer.SHORT, at + 2);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, nibbles + i);
            codes[i] = pair & 15 | (fifths >>> i & 1) << 4;
            codes[i + 16] = pair >> 4 | (fifths >>> i + 16 & 1) << 4;
        }
    }

    private void readMxfp4(MemorySegment data, long at) {
        readNibbles(data, at, at + 1, 0);
        scale = (short) unsigned(data, at);
    }

    private void readIq4(MemorySegment data, long at, int part) {
        readNibbles(data, at, at + 8 + part * 16, 0);
        int highs = unsigned(data, at + 2) | unsigned(data, at + 3) << 8;
        int low = unsigned(data, at + 4 + part / 2) >> part % 2 * 4 & 15;
        factors[0] = (low | (highs >> part * 2 & 3) << 4) - 32;
    }

    private void readQ2(MemorySegment data, long at, int part) {
        scale = data.get(Packer.SHORT, at + 80);
        minimum = (short) (data.get(Packer.SHORT, at + 82) ^ SIGN);
        long bits = at + 16 + part / 4 * 32;
        for (int group = 0; group < 2; group++) {
            int both = unsigned(data, at + 2 * part + group);
            factors[group] = both & 15;
            minimumFactors[group] = both >> 4;
        }
        for (int i = 0; i < 32; i++) {
            codes[i] = unsigned(data, bits + i) >> part % 4 * 2 & 3;
        }
    }

    private void readQ3(MemorySegment data, long at, int part) {
        scale = data.get(Packer.SHORT, at + 108);
        for (int group = 0; group < 2; group++) {
            int index = 2 * part + group;
            int low = unsigned(data, at + 96 + index % 8) >> index / 8 * 4 & 15;
            int high = unsigned(data, at + 104 + index % 4) >> index / 4 * 2 & 3;
            factors[group] = (low | high << 4) - 32;
        }
        long bits = at + 32 + part / 4 * 32;
        for (int i = 0; i < 32; i++) {
            int low = unsigned(data, bits + i) >> part % 4 * 2 & 3;
            codes[i] = low | (unsigned(data, at + i) >> part & 1) << 2;
        }
    }

    private void readQ4(MemorySegment data, long at, int part) {
        readSixBits(data, at, part);
        long nibbles = at + 16 + part / 2 * 32;
        for (int i = 0; i < 32; i++) {
            codes[i] = unsigned(data, nibbles + i) >> part % 2 * 4 & 15;
        }
    }

    private void readQ5(MemorySegment data, long at, int part) {
        readSixBits(data, at, part);
        long nibbles = at + 48 + part / 2 * 32;
        for (int i = 0; i < 32; i++) {
            int fifth = unsigned(data, at + 16 + i) >> part & 1;
            codes[i] = unsigned(data, nibbles + i) >> part % 2 * 4 & 15 | fifth << 4;
        }
    }

    /// Parts 0 to 3 have six bits of their own for scale and minimum. Those of parts 4 to 7 consist of a nibble and the
    /// two top bits of parts 0 to 3.
    private void readSixBits(MemorySegment data, long at, int part) {
        long bits = at + 4;
        scale = data.get(Packer.SHORT, at);
        minimum = (short) (data.get(Packer.SHORT, at + 2) ^ SIGN);
        factors[0] = part < 4 ? unsigned(data, bits + part) & 63
                : unsigned(data, bits + part + 4) & 15 | unsigned(data, bits + part - 4) >> 6 << 4;
        minimumFactors[0] = part < 4 ? unsigned(data, bits + part + 4) & 63
                : unsigned(data, bits + part + 4) >> 4 | unsigned(data, bits + part) >> 6 << 4;
    }

    private void readQ6(MemorySegment data, long at, int part) {
        scale = data.get(Packer.SHORT, at + 208);
        for (int group = 0; group < 2; group++) {
            factors[group] = data.get(JAVA_BYTE, at + 192 + 2 * part + group);
        }
        int quarter = part % 4;
        long lows = at + part / 4 * 64 + quarter % 2 * 32;
        long highs = at + 128 + part / 4 * 32;
        for (int i = 0; i < 32; i++) {
            int low = unsigned(data, lows + i) >> quarter / 2 * 4 & 15;
            int high = unsigned(data, highs + i) >> quarter * 2 & 3;
            codes[i] = low | high << 4;
        }
    }

    private static int unsigned(MemorySegment data, long at) {
        return data.get(JAVA_BYTE, at) & 0xFF;
    }
}
