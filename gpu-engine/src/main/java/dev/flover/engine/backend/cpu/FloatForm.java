package dev.flover.engine.backend.cpu;

/// Weights kept as floats.
enum FloatForm {
    SINGLE(4),
    HALF(2),
    BRAIN(2);

    final int bytes;

    FloatForm(int bytes) {
        this.bytes = bytes;
    }
}
