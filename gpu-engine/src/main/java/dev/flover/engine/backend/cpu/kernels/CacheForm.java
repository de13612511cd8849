package dev.flover.engine.backend.cpu.kernels;

/// The formats of cached keys and values: f32, f16, or signed bytes with an f32 scale for each head and position.
public enum CacheForm {
    SINGLE(4, 0),
    HALF(2, 0),
    BYTE(1, 4);

    public final int bytes;
    /// Bytes of the scale of one head's key, and of its value.
    public final int scaleBytes;

    CacheForm(int bytes, int scaleBytes) {
        this.bytes = bytes;
        this.scaleBytes = scaleBytes;
    }

    /// Bytes of one head's keys or values in a block.
    ///
    /// @param width numbers of a key or value
    long headBytes(int blockTokens, int width) {
        return (long) blockTokens * (bytes * width + scaleBytes);
    }
}
