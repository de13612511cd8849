package dev.flover.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.flover.engine.backend.cpu.kernels.BlockForm;
import dev.flover.engine.tensor.Mxfp4;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;

/// 32 weights of a model file in their parts: an integer (quant) for each weight, and a scale and a minimum for each
/// group.
///
/// `weight = quant * scale + minimum`, where scale and minimum are rounded as ggml rounds them. One object is reused
/// for many blocks.
final class StoredBlock {
    private static final byte[] LEVELS = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

    final int[] quants = new int[32];
    final float[] scales = new float[2];
    final float[] minimums = new float[2];

    /// The layout of panels that hold weights of this type; null for unquantised types.
    static BlockForm formOf(TensorType type) {
        return switch (type) {
            case F32, F16, BF16 -> null;
            case Q8_0, Q5_0, IQ4_NL -> BlockForm.BYTES;
            case Q4_0 -> BlockForm.NIBBLES;
            case IQ4_XS, MXFP4 -> BlockForm.BYTES_WIDE;
            case Q5_1, Q5_K -> BlockForm.BYTES_ABOVE;
            case Q4_1, Q4_K -> BlockForm.NIBBLES_ABOVE;
            case Q3_K, Q6_K -> BlockForm.BYTES_BY_16;
            case Q2_K -> BlockForm.BYTES_ABOVE_BY_16;
        };
    }

    /// @param row   where the row begins in `data`, in bytes
    /// @param index which 32 weights of the row to read, counted from 0
    void read(TensorType type, MemorySegment data, long row, int index) {
        int perStored = type.blockElements() / 32;
        long at = row + (long) (index / perStored) * type.blockBytes();
        int part = index % perStored;
        switch (type) {
            case F32, F16, BF16 -> throw new IllegalArgumentException(type + " is not a quantised type");
            case Q8_0 -> readQ8(data, at);
            case Q4_0 -> readNibbles(data, at, at + 2, -8, 0, 0);
            case Q4_1 -> readNibbles(data, at, at + 4, 0, 0, half(data, at + 2));
            case Q5_0 -> readNibbles(data, at, at + 6, -16, data.get(Packer.INT, at + 2), 0);
            case Q5_1 -> readNibbles(data, at, at + 8, 0, data.get(Packer.INT, at + 4), half(data, at + 2));
            case IQ4_NL -> readLevels(data, at + 2, half(data, at));
            case IQ4_XS -> readIq4(data, at, part);
            case MXFP4 -> readMxfp4(data, at);
            case Q2_K -> readQ2(data, at, part);
            case Q3_K -> readQ3(data, at, part);
            case Q4_K -> readQ4(data, at, part);
            case Q5_K -> readQ5(data, at, part);
            case Q6_K -> readQ6(data, at, part);
        }
    }

    private void readQ8(MemorySegment data, long at) {
        scales[0] = half(data, at);
        minimums[0] = 0;
        for (int i = 0; i < 32; i++) {
            quants[i] = data.get(JAVA_BYTE, at + 2 + i);
        }
    }

    /// @param fifths the fifth bit of each of the 32 quants, for five-bit types; 0 for others
    private void readNibbles(MemorySegment data, long scale, long nibbles, int bias, int fifths, float minimum) {
        scales[0] = half(data, scale);
        minimums[0] = minimum;
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, nibbles + i);
            quants[i] = (pair & 15 | (fifths >>> i & 1) << 4) + bias;
            quants[i + 16] = (pair >> 4 | (fifths >>> i + 16 & 1) << 4) + bias;
        }
    }

    private void readLevels(MemorySegment data, long nibbles, float scale) {
        scales[0] = scale;
        minimums[0] = 0;
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, nibbles + i);
            quants[i] = LEVELS[pair & 15];
            quants[i + 16] = LEVELS[pair >> 4];
        }
    }

    private void readMxfp4(MemorySegment data, long at) {
        scales[0] = Mxfp4.scale(data, at);
        minimums[0] = 0;
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(data, at + 1 + i);
            quants[i] = Mxfp4.level(pair & 15);
            quants[i + 16] = Mxfp4.level(pair >> 4);
        }
    }

    private void readIq4(MemorySegment data, long at, int part) {
        int highs = unsigned(data, at + 2) | unsigned(data, at + 3) << 8;
        int low = unsigned(data, at + 4 + part / 2) >> part % 2 * 4 & 15;
        int scale = (low | (highs >> part * 2 & 3) << 4) - 32;
        readLevels(data, at + 8 + part * 16, half(data, at) * scale);
    }

    private void readQ2(MemorySegment data, long at, int part) {
        long bits = at + 16 + part / 4 * 32;
        for (int group = 0; group < 2; group++) {
            int factors = unsigned(data, at + 2 * part + group);
            scales[group] = half(data, at + 80) * (factors & 15);
            minimums[group] = -(half(data, at + 82) * (factors >> 4));
        }
        for (int i = 0; i < 32; i++) {
            quants[i] = unsigned(data, bits + i) >> part % 4 * 2 & 3;
        }
    }

    private void readQ3(MemorySegment data, long at, int part) {
        for (int group = 0; group < 2; group++) {
            int index = 2 * part + group;
            int low = unsigned(data, at + 96 + index % 8) >> index / 8 * 4 & 15;
            int high = unsigned(data, at + 104 + index % 4) >> index / 4 * 2 & 3;
            scales[group] = half(data, at + 108) * ((low | high << 4) - 32);
            minimums[group] = 0;
        }
        long bits = at + 32 + part / 4 * 32;
        for (int i = 0; i < 32; i++) {
            int low = unsigned(data, bits + i) >> part % 4 * 2 & 3;
            quants[i] = low - ((unsigned(data, at + i) >> part & 1) == 1 ? 0 : 4);
        }
    }

    private void readQ4(MemorySegment data, long at, int part) {
        readSixBits(data, at, part);
        long nibbles = at + 16 + part / 2 * 32;
        for (int i = 0; i < 32; i++) {
            quants[i] = unsigned(data, nibbles + i) >> part % 2 * 4 & 15;
        }
    }

    private void readQ5(MemorySegment data, long at, int part) {
        readSixBits(data, at, part);
        long nibbles = at + 48 + part / 2 * 32;
        for (int i = 0; i < 32; i++) {
            int fifth = unsigned(data, at + 16 + i) >> part & 1;
            quants[i] = unsigned(data, nibbles + i) >> part % 2 * 4 & 15 | fifth << 4;
        }
    }

    /// Parts 0 to 3 have six bits of their own for scale and minimum. Those of parts 4 to 7 consist of a nibble and the
    /// two top bits of parts 0 to 3.
    private void readSixBits(MemorySegment data, long at, int part) {
        long bits = at + 4;
        int scale = part < 4 ? unsigned(data, bits + part) & 63
                : unsigned(data, bits + part + 4) & 15 | unsigned(data, bits + part - 4) >> 6 << 4;
        int minimum = part < 4 ? unsigned(data, bits + part + 4) & 63
                : unsigned(data, bits + part + 4) >> 4 | unsigned(data, bits + part) >> 6 << 4;
        scales[0] = half(data, at) * scale;
        minimums[0] = -(half(data, at + 2) * minimum);
    }

    private void readQ6(MemorySegment data, long at, int part) {
        for (int group = 0; group < 2; group++) {
            scales[group] = half(data, at + 208) * data.get(JAVA_BYTE, at + 192 + 2 * part + group);
            minimums[group] = 0;
        }
        int quarter = part % 4;
        long lows = at + part / 4 * 64 + quarter % 2 * 32;
        long highs = at + 128 + part / 4 * 32;
        for (int i = 0; i < 32; i++) {
            int low = unsigned(data, lows + i) >> quarter / 2 * 4 & 15;
            int high = unsigned(data, highs + i) >> quarter * 2 & 3;
            quants[i] = (low | high << 4) - 32;
        }
    }

    private static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(Packer.SHORT, at));
    }

    private static int unsigned(MemorySegment data, long at) {
        return data.get(JAVA_BYTE, at) & 0xFF;
    }
}
