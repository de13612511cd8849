package dev.flover.engine.constraint.machine;

import java.util.Arrays;

/// The bytes of a lexeme, as a linked list from the last byte to the first, so that texts with a common prefix share
/// it.
///
/// @param before the bytes before the last one; null at the first byte
/// @param length the number of bytes
public record Text(Text before, byte last, int length, int hash) {
    static Text append(Text before, int value) {
        return before == null
                ? new Text(null, (byte) value, 1, value)
                : new Text(before, (byte) value, before.length + 1, before.hash * 31 + value);
    }

    static int lengthOf(Text text) {
        return text == null ? 0 : text.length;
    }

    public byte[] bytes() {
        byte[] bytes = new byte[length];
        var at = this;
        for (int i = length - 1; i >= 0; i--) {
            bytes[i] = at.last;
            at = at.before;
        }
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof Text text && hash == text.hash && length == text.length
                && Arrays.equals(bytes(), text.bytes());
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
