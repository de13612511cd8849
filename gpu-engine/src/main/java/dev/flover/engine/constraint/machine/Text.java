package dev.flover.engine.constraint.machine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The bytes of a lexeme, as a linked list from the last byte to the first, so that texts with a common prefix share
/// it.
///
/// @param before the bytes before the last one; null at the first byte
/// @param length the number of bytes
public record Text(@Nullable Text before, byte last, int length, int hash) {
    static Text append(@Nullable Text before, int value) {
        return before == null
                ? new Text(null, (byte) value, 1, value)
                : new Text(before, (byte) value, before.length + 1, before.hash * 31 + value);
    }

    public byte[] bytes() {
        byte[] bytes = new byte[length];
        for (Text at = this; at != null; at = at.before) {
            bytes[at.length - 1] = at.last;
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
