package dev.flover.engine.backend.cuda;

import dev.flover.engine.tensor.TensorType;

/// How a weight matrix lies on the device; see `weight.cuh`. The order of the constants is part of that contract.
enum Storage {
    F32(4, 0, "f32"),
    F16(2, 0, "f16"),
    BF16(2, 0, "bf16"),
    Q8(1, 2, "q8"),
    /// Two values to a byte.
    Q4(1, 4, "q4");

    private final int valueBytes;
    private final int groupBytes;
    private final String kernel;

    Storage(int valueBytes, int groupBytes, String kernel) {
        this.valueBytes = valueBytes;
        this.groupBytes = groupBytes;
        this.kernel = kernel;
    }

    /// What keeps a stored type's numbers, or, for types without a kernel of their own, their nearest f16.
    static Storage of(TensorType type, boolean groupsFitShards) {
        return switch (type) {
            case F32 -> F32;
            case BF16 -> BF16;
            case Q8_0 -> groupsFitShards ? Q8 : F16;
            case Q4_0, Q4_1, Q4_K -> groupsFitShards ? Q4 : F16;
            case F16, Q5_0, Q5_1, Q2_K, Q3_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS -> F16;
        };
    }

    /// Bytes of 64 columns of one output, without their scales.
    int chunkBytes() {
        return this == Q4 ? 32 : 64 * valueBytes;
    }

    /// Bytes of the scale, and offset, of a group of 32 columns.
    int groupBytes() {
        return groupBytes;
    }

    /// The suffix of its kernels.
    String kernel() {
        return kernel;
    }
}
