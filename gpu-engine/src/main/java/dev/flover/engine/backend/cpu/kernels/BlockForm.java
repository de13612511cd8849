package dev.flover.engine.backend.cpu.kernels;

/// The layouts of quantised weights in memory, in blocks of 32 inputs.
///
/// In layouts with one byte a weight, the byte is the signed weight plus 128. In layouts with four bits (a nibble) a
/// weight, the nibble is the signed weight plus [#offset].
public enum BlockForm {
    /// Holds Q8_0, Q5_0 and IQ4_NL.
    BYTES(false, true, false, 32, 128),
    /// Holds Q4_0.
    NIBBLES(true, true, false, 32, 8),
    /// Holds IQ4_XS and MXFP4.
    BYTES_WIDE(false, false, false, 32, 128),
    /// Holds Q5_1 and Q5_K.
    BYTES_ABOVE(false, false, true, 32, 128),
    /// Holds Q4_1 and Q4_K.
    NIBBLES_ABOVE(true, false, true, 32, 0),
    /// Holds Q3_K and Q6_K.
    BYTES_BY_16(false, false, false, 16, 128),
    /// Holds Q2_K.
    BYTES_ABOVE_BY_16(false, false, true, 16, 128);

    public final boolean nibbles;
    /// Whether scales are stored as f16; otherwise they are stored as f32.
    public final boolean halfScales;
    /// Whether a stored minimum is added to every weight of a group.
    public final boolean minimums;
    /// How many consecutive weights share a scale.
    public final int group;
    /// The number that is added to a signed weight to make it unsigned.
    public final int offset;

    BlockForm(boolean nibbles, boolean halfScales, boolean minimums, int group, int offset) {
        this.nibbles = nibbles;
        this.halfScales = halfScales;
        this.minimums = minimums;
        this.group = group;
        this.offset = offset;
    }

    /// Bytes that the quantised weights of sixteen outputs take for one block of 32 inputs.
    public int panelBlockBytes() {
        return nibbles ? 256 : 512;
    }

    public int scaleBytes() {
        return halfScales ? 2 : 4;
    }
}
