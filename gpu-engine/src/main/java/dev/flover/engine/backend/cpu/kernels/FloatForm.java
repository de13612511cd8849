package dev.flover.engine.backend.cpu.kernels;

/// The formats of unquantised weights, keys and values: f32, f16 and bf16.
public enum FloatForm {
    SINGLE(4),
    HALF(2),
    BRAIN(2);

    public final int bytes;

    FloatForm(int bytes) {
        this.bytes = bytes;
    }
}
