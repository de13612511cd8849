package dev.flover.engine.backend.cpu;

/// How weights in blocks of 32 lie in memory.
///
/// Bytes hold 128 more than the signed weight; nibbles hold their offset more.
enum BlockForm {
    /// Q8_0, Q5_0, IQ4_NL.
    BYTES(false, true, false, 32, 128),
    /// Q4_0.
    NIBBLES(true, true, false, 32, 8),
    /// IQ4_XS.
    BYTES_WIDE(false, false, false, 32, 128),
    /// Q5_1, Q5_K.
    BYTES_ABOVE(false, false, true, 32, 128),
    /// Q4_1, Q4_K.
    NIBBLES_ABOVE(true, false, true, 32, 0),
    /// Q3_K, Q6_K.
    BYTES_BY_16(false, false, false, 16, 128),
    /// Q2_K.
    BYTES_ABOVE_BY_16(false, false, true, 16, 128);

    final boolean nibbles;
    /// Whether scales are f16; otherwise f32.
    final boolean halfScales;
    /// Whether a minimum is added to every weight of a group.
    final boolean minimums;
    /// Weights that share a scale.
    final int group;
    /// What is added to a weight to make it unsigned.
    final int offset;

    BlockForm(boolean nibbles, boolean halfScales, boolean minimums, int group, int offset) {
        this.nibbles = nibbles;
        this.halfScales = halfScales;
        this.minimums = minimums;
        this.group = group;
        this.offset = offset;
    }

    /// Bytes of sixteen outputs' quantised weights for one block.
    int panelBlockBytes() {
        return nibbles ? 256 : 512;
    }

    int scaleBytes() {
        return halfScales ? 2 : 4;
    }
}
