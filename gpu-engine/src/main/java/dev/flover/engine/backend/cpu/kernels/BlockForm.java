package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/// The layouts of quantised weights in memory, one for each stored type, as `packed.h` describes them.
///
/// Weights are divided into blocks of 32 inputs. A weight is `(code - offset) * scale + minimum`, or, in types with
/// levels, `(level of the code - offset) * scale`.
public enum BlockForm {
    Q8_0(8, 0, null, 128, 32, 1, ScaleForm.HALF, false),
    Q4_0(4, 0, null, 8, 32, 1, ScaleForm.HALF, false),
    Q4_1(4, 0, null, 0, 32, 1, ScaleForm.HALF, true),
    Q5_0(4, 1, null, 16, 32, 1, ScaleForm.HALF, false),
    Q5_1(4, 1, null, 0, 32, 1, ScaleForm.HALF, true),
    IQ4_NL(4, 0, Levels.IQ4, 128, 32, 1, ScaleForm.HALF, false),
    IQ4_XS(4, 0, Levels.IQ4, 128, 32, 8, ScaleForm.FACTOR, false),
    MXFP4(4, 0, Levels.MX, 12, 32, 1, ScaleForm.POWER, false),
    Q2_K(2, 0, null, 0, 16, 8, ScaleForm.NIBBLE, true),
    Q3_K(2, 1, null, 4, 16, 8, ScaleForm.FACTOR, false),
    Q4_K(4, 0, null, 0, 32, 8, ScaleForm.FACTOR, true),
    Q5_K(4, 1, null, 0, 32, 8, ScaleForm.FACTOR, true),
    Q6_K(4, 2, null, 32, 16, 8, ScaleForm.FACTOR, false);

    /// How the scales of groups are stored.
    public enum ScaleForm {
        /// An f16 for each block.
        HALF,
        /// A power of two for each block: its exponent plus 128, in a byte.
        POWER,
        /// An f16 for each record, times a signed byte for each group. Minimums are stored in the same way.
        FACTOR,
        /// An f16 for each record, times the low nibble of a byte for each group. The high nibble times another f16 is
        /// the minimum.
        NIBBLE
    }

    /// The bits of a code in the low and in the high plane.
    public final int low;
    public final int high;
    /// The number that is subtracted from a code or level to make it signed.
    public final int offset;
    /// How many consecutive weights share a scale.
    public final int group;
    /// The blocks of 32 inputs in a record, which share an f16 scale.
    public final int span;
    public final ScaleForm scale;
    /// Whether a stored minimum is added to every weight of a group.
    public final boolean minimums;
    private final byte @Nullable [] levels;

    BlockForm(
            int low, int high, byte @Nullable [] levels, int offset, int group, int span, ScaleForm scale,
            boolean minimums) {
        this.low = low;
        this.high = high;
        this.levels = levels;
        this.offset = offset;
        this.group = group;
        this.span = span;
        this.scale = scale;
        this.minimums = minimums;
    }

    /// The layout of weights of a stored type.
    ///
    /// @throws IllegalArgumentException if the type is not quantised
    public static BlockForm of(TensorType type) {
        return switch (type) {
            case F32, F16, BF16 -> throw new IllegalArgumentException(type + " is not a quantised type");
            case Q8_0 -> Q8_0;
            case Q4_0 -> Q4_0;
            case Q4_1 -> Q4_1;
            case Q5_0 -> Q5_0;
            case Q5_1 -> Q5_1;
            case IQ4_NL -> IQ4_NL;
            case IQ4_XS -> IQ4_XS;
            case MXFP4 -> MXFP4;
            case Q2_K -> Q2_K;
            case Q3_K -> Q3_K;
            case Q4_K -> Q4_K;
            case Q5_K -> Q5_K;
            case Q6_K -> Q6_K;
        };
    }

    /// The 16 levels that codes stand for, as unsigned bytes; null if a code is a number.
    byte @Nullable [] levels() {
        return levels;
    }

    /// The signed whole number that a code stands for.
    public int number(int code) {
        return (levels == null ? code : levels[code] & 0xFF) - offset;
    }

    /// Whether activations that were quantised for this form are those that the other form needs.
    public boolean takesActivationsOf(BlockForm other) {
        return offset == other.offset && group == other.group && (minimums || !other.minimums);
    }

    /// Bytes of a record that one block of 32 inputs of sixteen outputs takes.
    public int blockBytes() {
        return 64 * (low + high) + 16 * (32 / group) * factorKinds();
    }

    public int recordBytes() {
        return span * blockBytes();
    }

    /// Bytes of the scale of one output that is stored outside of the record; a minimum takes as many.
    public int scaleBytes() {
        return scale == ScaleForm.POWER ? 1 : 2;
    }

    /// Where the high plane of a record begins.
    public int highPlane() {
        return 64 * span * low;
    }

    /// Where the factors of a record's group begin, sixteen bytes.
    ///
    /// @param block   index of the block in the record
    /// @param minimum 0 for the factors of scales, 1 for those of minimums, which [ScaleForm#NIBBLE] keeps in the same
    ///     bytes
    public int factors(int block, int indexInBlock, int minimum) {
        int kind = scale == ScaleForm.NIBBLE ? 0 : minimum;
        return 64 * span * (low + high) + 16 * ((kind * span + block) * (32 / group) + indexInBlock);
    }

    /// Bytes of factors that each group of one output has: 2 where minimums have factors in bytes of their own.
    public int factorKinds() {
        return switch (scale) {
            case HALF, POWER -> 0;
            case NIBBLE -> 1;
            case FACTOR -> minimums ? 2 : 1;
        };
    }

    /// The levels of non-linear types, plus the type's offset.
    private static final class Levels {
        static final byte[] IQ4 = {
            1, 24, 45, 63, 79, 93, 106, 118, (byte) 129, (byte) 141, (byte) 153, (byte) 166, (byte) 181, (byte) 197,
            (byte) 217, (byte) 241};
        static final byte[] MX = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};
    }
}
