package dev.flover.engine.backend.cuda.weights;

import dev.flover.engine.tensor.TensorType;

/// The format of a weight matrix on the device; see `weight.cuh`.
public enum Storage {
    F32(0, 4, 0, "f32"),
    F16(1, 2, 0, "f16"),
    BF16(2, 2, 0, "bf16"),
    Q8(3, 1, 2, "q8"),
    /// Two values in a byte.
    Q4(4, 1, 4, "q4");

    private final int number;
    private final int valueBytes;
    private final int groupBytes;
    private final String kernel;

    Storage(int number, int valueBytes, int groupBytes, String kernel) {
        this.number = number;
        this.valueBytes = valueBytes;
        this.groupBytes = groupBytes;
        this.kernel = kernel;
    }

    /// As `weight.cuh` numbers it.
    public int number() {
        return number;
    }

    /// The storage that keeps a stored type's numbers; for types without a kernel of their own F16, to which they are
    /// rounded.
    static Storage of(TensorType type, boolean groupsFitShards) {
        return switch (type) {
            case F32 -> F32;
            case BF16 -> BF16;
            case Q8_0, MXFP4 -> groupsFitShards ? Q8 : F16;
            case Q4_0, Q4_1, Q4_K -> groupsFitShards ? Q4 : F16;
            case F16, Q5_0, Q5_1, Q2_K, Q3_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS -> F16;
        };
    }

    /// Bytes of 64 columns of one output, without scales.
    int chunkBytes() {
        return this == Q4 ? 32 : 64 * valueBytes;
    }

    /// Bytes of the scale, and the offset if there is one, of a group of 32 columns.
    int groupBytes() {
        return groupBytes;
    }

    /// The suffix in the names of this storage's kernels.
    public String kernel() {
        return kernel;
    }
}
