package dev.flover.engine.backend.cpu.kernels;

/// The formats of unquantised weights: f32, f16 and bf16.
public enum FloatForm {
    SINGLE(4),
    HALF(2),
    /// In words of two weights, that of the even input in the lower half; no magnitude is below [#LEAST_BF16] but 0.
    BF16(2);

    /// Numbers of bf16 below this magnitude are 0 in products, so that no sum is subnormal (`project_bf16.c`).
    public static final float LEAST_BF16 = 0x1p-56f;

    public final int bytes;

    FloatForm(int bytes) {
        this.bytes = bytes;
    }
}
