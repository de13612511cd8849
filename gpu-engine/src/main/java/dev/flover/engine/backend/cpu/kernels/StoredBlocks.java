package dev.flover.engine.backend.cpu.kernels;

import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Makes one record of packed weights from one stored block of each of sixteen rows (lanes). One object is reused for
/// many records.
///
/// ```
///   stage, lane by lane    staged  [lane][block], as stored
///   takeApart, all lanes   words   [word of the block][lane]
///                          record  as `packed.h` describes it: planes of the codes' low bits and of their other bits,
///                                  then factors
/// ```
///
/// Loops run over the lanes of several words, without branches, so that the JIT compiler uses vector instructions.
final class StoredBlocks {
    static final int LANES = 16;
    /// Numbers with four codes each that 32 weights make.
    private static final int STEPS = 8;
    /// Bytes of a lane that are staged, roughly: few enough that all lanes stay in the L1 cache.
    private static final int STAGED_BYTES = 840;
    /// Words of the largest block beside its f16 scale (Q6_K).
    private static final int MOST_WORDS = 52;
    /// The sign of an f16 number. ggml subtracts the minimums of super-blocks; here they are added.
    private static final short SIGN = (short) 0x8000;
    private static final int ONES = 0x01010101;
    private static final int PAIRS = 0x03030303;
    private static final int NIBBLES = 0x0F0F0F0F;
    private static final int SIX_BITS = 0x3F3F3F3F;
    private static final int TOP_PAIRS = 0x30303030;
    private static final int EVEN = 0x00FF00FF;

    private static final VarHandle WORD =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();
    private static final VarHandle HALF =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN).withInvokeExactBehavior();

    /// How many blocks of a lane can be staged at a time.
    final int most;
    /// The f16 scales and minimums of the stored blocks; in [BlockForm.ScaleForm#POWER] a scale is the exponent plus
    /// 128.
    final short[] scales = new short[LANES];
    final short[] minimums = new short[LANES];

    private final TensorType type;
    private final BlockForm form;
    private final int[] words = new int[MOST_WORDS * LANES];
    private final byte[] staged;
    private final int[] factors = new int[LANES];
    private final int wordCount;
    private final int firstWord;
    private final int scaleAt;
    private final int minimumAt;

    StoredBlocks(TensorType type) {
        this.type = type;
        form = BlockForm.of(type);
        most = STAGED_BYTES / type.blockBytes();
        staged = new byte[LANES * most * type.blockBytes()];
        firstWord = firstWord(type);
        wordCount = (type.blockBytes() - firstWord) / Integer.BYTES;
        scaleAt = switch (type) {
            case Q2_K -> 80;
            case Q3_K -> 108;
            case Q6_K -> 208;
            default -> 0;
        };
        minimumAt = switch (type) {
            case Q4_1, Q5_1, Q4_K, Q5_K -> 2;
            case Q2_K -> 82;
            default -> -1;
        };
    }

    /// Where the words of a block begin, in bytes: after the scale where that stands first and the codes are not
    /// aligned to it.
    private static int firstWord(TensorType type) {
        return switch (type) {
            case F32, F16, BF16 -> throw new IllegalArgumentException(type + " is not a quantised type");
            case MXFP4 -> 1;
            case Q8_0, Q4_0, Q5_0, IQ4_NL -> 2;
            case Q4_1, Q5_1, IQ4_XS, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K -> 0;
        };
    }

    /// Copies consecutive stored blocks of one lane.
    ///
    /// @param at    where the first block begins in `from`, in bytes
    /// @param count at most [#most]
    void stage(MemorySegment from, long at, int count, int lane) {
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, staged, lane * most * type.blockBytes(),
                count * type.blockBytes());
    }

    /// Makes the staged blocks of all lanes zeros, for a panel with fewer than sixteen rows.
    void clear() {
        Arrays.fill(staged, (byte) 0);
    }

    /// Makes the record of all lanes' blocks.
    ///
    /// @param index  which of the staged blocks
    /// @param record overwritten, `[recordBytes / 4]`
    void takeApart(int index, int[] record) {
        for (int lane = 0; lane < LANES; lane++) {
            readWords((lane * most + index) * type.blockBytes(), lane);
        }
        for (int block = 0; block < form.span; block++) {
            int low = LANES * form.low * block;
            int high = form.highPlane() / Integer.BYTES + LANES * form.high * block;
            takeApart(block, record, low, high);
        }
        takeFactors(record);
    }

    private void readWords(int at, int lane) {
        for (int i = 0; i < wordCount; i++) {
            words[LANES * i + lane] = (int) WORD.get(staged, at + firstWord + Integer.BYTES * i);
        }
        scales[lane] = type == TensorType.MXFP4 ? (short) (staged[at] & 0xFF) : (short) HALF.get(staged, at + scaleAt);
        if (minimumAt >= 0) {
            boolean subtracted = type.blockElements() > 32;
            minimums[lane] = (short) ((short) HALF.get(staged, at + minimumAt) ^ (subtracted ? SIGN : 0));
        }
    }

    /// Takes 32 weights of each lane's block apart.
    ///
    /// @param part which 32 weights of the stored block, counted from 0
    /// @param low  index in the record of the plane of low bits
    /// @param high index of the plane of the other bits
    private void takeApart(int part, int[] record, int low, int high) {
        int quarter = part % 4;
        switch (type) {
            case F32, F16, BF16 -> throw new IllegalArgumentException(type + " is not a quantised type");
            case Q8_0 -> bytes(record, low);
            case Q4_0, IQ4_NL, MXFP4 -> copy(0, record, low);
            case Q4_1 -> copy(1, record, low);
            case Q5_0 -> {
                copy(1, record, low);
                fifthBits(0, record, high);
            }
            case Q5_1 -> {
                copy(2, record, low);
                fifthBits(1, record, high);
            }
            case IQ4_XS -> copy(2 + 4 * part, record, low);
            case Q2_K -> pairs(4 + part / 4 * 8, 2 * quarter, record, low);
            case Q3_K -> {
                pairs(8 + part / 4 * 8, 2 * quarter, record, low);
                bits(0, part, record, high);
            }
            case Q4_K -> nibbles(4 + part / 2 * 8, part % 2 * 4, record, low);
            case Q5_K -> {
                nibbles(12 + part / 2 * 8, part % 2 * 4, record, low);
                bits(4, part, record, high);
            }
            case Q6_K -> {
                nibbles(part / 4 * 16 + quarter % 2 * 8, quarter / 2 * 4, record, low);
                pairs(32 + part / 4 * 8, 2 * quarter, record, high);
            }
        }
    }

    private void bytes(int[] record, int to) {
        for (int i = 0; i < STEPS * LANES; i++) {
            record[to + i] = words[i] ^ 128 * ONES;
        }
    }

    /// Copies 16 bytes that hold weights i and i + 16, which is the order of a plane of four bits.
    private void copy(int firstWord, int[] record, int to) {
        System.arraycopy(words, LANES * firstWord, record, to, 4 * LANES);
    }

    /// Makes a plane of four bits from those of eight words from bit `shift` of each byte on.
    private void nibbles(int firstWord, int shift, int[] record, int to) {
        int first = LANES * firstWord;
        int second = first + 4 * LANES;
        for (int i = 0; i < 4 * LANES; i++) {
            record[to + i] = words[first + i] >>> shift & NIBBLES | (words[second + i] >>> shift & NIBBLES) << 4;
        }
    }

    /// Makes a plane of two bits from those of eight words from bit `shift` of each byte on.
    private void pairs(int firstWord, int shift, int[] record, int to) {
        int first = LANES * firstWord;
        for (int i = 0; i < 2 * LANES; i++) {
            int at = first + i;
            record[to + i] = words[at] >>> shift & PAIRS
                    | (words[at + 2 * LANES] >>> shift & PAIRS) << 2
                    | (words[at + 4 * LANES] >>> shift & PAIRS) << 4
                    | (words[at + 6 * LANES] >>> shift & PAIRS) << 6;
        }
    }

    /// Makes a plane of one bit from bit `shift` of each byte of eight words.
    private void bits(int firstWord, int shift, int[] record, int to) {
        int first = LANES * firstWord;
        for (int i = 0; i < LANES; i++) {
            int at = first + i;
            record[to + i] = words[at] >>> shift & ONES
                    | (words[at + LANES] >>> shift & ONES) << 1
                    | (words[at + 2 * LANES] >>> shift & ONES) << 2
                    | (words[at + 3 * LANES] >>> shift & ONES) << 3
                    | (words[at + 4 * LANES] >>> shift & ONES) << 4
                    | (words[at + 5 * LANES] >>> shift & ONES) << 5
                    | (words[at + 6 * LANES] >>> shift & ONES) << 6
                    | (words[at + 7 * LANES] >>> shift & ONES) << 7;
        }
    }

    /// Makes a plane of one bit from a word that holds the bits of 32 weights in their order.
    private void fifthBits(int word, int[] record, int to) {
        for (int lane = 0; lane < LANES; lane++) {
            int all = words[LANES * word + lane];
            int plane = 0;
            for (int step = 0; step < STEPS; step++) {
                int four = all >>> 4 * step & 15;
                plane |= (four * 0x00204081 & ONES) << step;    // bit i of four to byte i
            }
            record[to + lane] = plane;
        }
    }

    /// Writes the factors of all groups, four groups at a time.
    private void takeFactors(int[] record) {
        for (int kind = 0; kind < form.factorKinds(); kind++) {
            int first = form.factors(0, 0, kind) / Integer.BYTES;
            for (int quad = 0; quad < form.span * (32 / form.group) / 4; quad++) {
                switch (type) {
                    case Q2_K -> writeFactors(words, LANES * quad, record, first + LANES * quad);
                    case Q6_K -> writeFactors(words, LANES * (48 + quad), record, first + LANES * quad);
                    default -> {
                        for (int lane = 0; lane < LANES; lane++) {
                            factors[lane] = fourFactors(quad, kind, lane);
                        }
                        writeFactors(factors, 0, record, first + LANES * quad);
                    }
                }
            }
        }
    }

    /// The factors of four groups of a lane's block, which the block has in other places than in the bytes of a word.
    private int fourFactors(int quad, int kind, int lane) {
        return switch (type) {
            case Q3_K -> {
                int low = words[LANES * (24 + quad % 2) + lane] >>> quad / 2 * 4 & NIBBLES;
                int high = words[LANES * 26 + lane] >>> 2 * quad & PAIRS;
                yield lessThirtyTwo(low | high << 4);
            }
            case IQ4_XS -> {
                int low = words[LANES + lane] >>> 16 * quad & 0xFFFF;
                low = (low | low << 8) & 0x00FF00FF;
                low = (low | low << 4) & NIBBLES;
                int high = words[lane] >>> 16 + 8 * quad & 0xFF;
                high = (high | high << 12) & 0x000F000F;
                high = (high | high << 6) & PAIRS;
                yield lessThirtyTwo(low | high << 4);
            }
            case Q4_K, Q5_K -> {
                int sixBits = words[LANES * (1 + kind) + lane];
                int nibbles = words[LANES * 3 + lane] >>> 4 * kind & NIBBLES;
                yield quad == 0 ? sixBits & SIX_BITS : nibbles | sixBits >>> 2 & TOP_PAIRS;
            }
            default -> throw new IllegalStateException(type + " has no such factors");
        };
    }

    /// Subtracts 32 from four numbers of six bits.
    private static int lessThirtyTwo(int sixBits) {
        int signs = (sixBits & 0x20202020) ^ 0x20202020;
        return sixBits & 0x1F1F1F1F | signs | signs << 1 | signs << 2;
    }

    /// Writes the four bytes of each lane's word to four groups of sixteen bytes.
    ///
    /// @param from where the words of the lanes begin in `values`
    private static void writeFactors(int[] values, int from, int[] record, int to) {
        for (int i = 0; i < LANES / 4; i++) {
            int a = values[from + 4 * i];
            int b = values[from + 4 * i + 1];
            int c = values[from + 4 * i + 2];
            int d = values[from + 4 * i + 3];
            int evenAb = a & EVEN | (b & EVEN) << 8;
            int oddAb = a >>> 8 & EVEN | b & ~EVEN;
            int evenCd = c & EVEN | (d & EVEN) << 8;
            int oddCd = c >>> 8 & EVEN | d & ~EVEN;
            record[to + i] = evenAb & 0xFFFF | evenCd << 16;
            record[to + i + 4] = oddAb & 0xFFFF | oddCd << 16;
            record[to + i + 8] = evenAb >>> 16 | evenCd & 0xFFFF0000;
            record[to + i + 12] = oddAb >>> 16 | oddCd & 0xFFFF0000;
        }
    }
}
