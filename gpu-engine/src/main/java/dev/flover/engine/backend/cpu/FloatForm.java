package dev.flover.engine.backend.cpu;

/// The formats of unquantised weights, keys and values: f32, f16 and bf16.
enum FloatForm {
    SINGLE(4),
    HALF(2),
    BRAIN(2);

    final int bytes;

    FloatForm(int bytes) {
        this.bytes = bytes;
    }
}
