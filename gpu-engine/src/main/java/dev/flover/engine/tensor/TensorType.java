package dev.flover.engine.tensor;

/// How the numbers of a tensor are stored: as plain floats, or in quantisation blocks that share scales (ggml's
/// formats).
public enum TensorType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    IQ4_NL(20, 32, 18),
    IQ4_XS(23, 256, 136),
    BF16(30, 1, 2),
    MXFP4(39, 32, 17);

    private final int ggufId;
    private final int blockElements;
    private final int blockBytes;

    TensorType(int ggufId, int blockElements, int blockBytes) {
        this.ggufId = ggufId;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    /// The number of this type in GGUF files.
    public int ggufId() {
        return ggufId;
    }

    /// The number of consecutive elements of a row that form one block; 1 for plain floats.
    public int blockElements() {
        return blockElements;
    }

    public int blockBytes() {
        return blockBytes;
    }

    /// The bytes of a row.
    ///
    /// @param columns a multiple of [#blockElements]
    public long rowBytes(long columns) {
        return columns / blockElements * blockBytes;
    }
}
