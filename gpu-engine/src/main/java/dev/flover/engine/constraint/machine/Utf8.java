package dev.flover.engine.constraint.machine;

import org.jspecify.annotations.Nullable;

/// The state between two bytes of UTF-8: how much of a character is read. AFTER_xx: the first byte of a character was
/// xx (F1: F1 to F3), which limits its second byte to `from` to `to`.
enum Utf8 {
    START(0, 0),
    LAST(0x80, 0xBF),
    SECOND_LAST(0x80, 0xBF),
    AFTER_E0(0xA0, 0xBF),
    AFTER_ED(0x80, 0x9F),
    AFTER_F0(0x90, 0xBF),
    AFTER_F1(0x80, 0xBF),
    AFTER_F4(0x80, 0x8F);

    private final int from;
    private final int to;

    Utf8(int from, int to) {
        this.from = from;
        this.to = to;
    }

    /// The state after one more byte; null if the byte cannot follow.
    @Nullable Utf8 step(int value) {
        if (this == START) {
            return first(value);
        }
        if (value < from || value > to) {
            return null;
        }
        return switch (this) {
            case START, LAST -> START;
            case SECOND_LAST, AFTER_E0, AFTER_ED -> LAST;
            case AFTER_F0, AFTER_F1, AFTER_F4 -> SECOND_LAST;
        };
    }

    private static @Nullable Utf8 first(int value) {
        if (value < 0x80) {
            return START;
        }
        if (value < 0xC2 || value > 0xF4) {
            return null;
        }
        if (value < 0xE0) {
            return LAST;
        }
        if (value < 0xF0) {
            return value == 0xE0 ? AFTER_E0 : value == 0xED ? AFTER_ED : SECOND_LAST;
        }
        return value == 0xF0 ? AFTER_F0 : value == 0xF4 ? AFTER_F4 : AFTER_F1;
    }
}
