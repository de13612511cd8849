package dev.flover.engine.tokenizer.subword;

import org.jspecify.annotations.Nullable;

/// The encoding of a character for which a vocabulary has no token: as tokens of its bytes, else as the unknown token,
/// else as nothing.
///
/// @param bytes        the token of each byte (-1: none), or null if the model does not fall back to bytes
/// @param unknown      the unknown token; -1 for none
/// @param fusesUnknown whether consecutive unknown characters become one token
public record Fallback(int @Nullable [] bytes, int unknown, boolean fusesUnknown) {
    /// @param afterUnknown whether the previous character became the unknown token
    /// @return whether the character became the unknown token
    boolean append(int codePoint, boolean afterUnknown, IntList out) {
        if (bytes != null && appendBytes(bytes, codePoint, out)) {
            return false;
        }
        if (unknown < 0) {
            return false;
        }
        if (!(afterUnknown && fusesUnknown)) {
            out.add(unknown);
        }
        return true;
    }

    private static boolean appendBytes(int[] bytes, int codePoint, IntList out) {
        int length = utf8Length(codePoint);
        for (int i = 0; i < length; i++) {
            if (bytes[utf8Byte(codePoint, i, length)] < 0) {
                return false;
            }
        }
        for (int i = 0; i < length; i++) {
            out.add(bytes[utf8Byte(codePoint, i, length)]);
        }
        return true;
    }

    private static int utf8Length(int codePoint) {
        return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }

    private static int utf8Byte(int codePoint, int index, int length) {
        int bits = codePoint >> 6 * (length - 1 - index);
        if (index > 0) {
            return 0x80 | bits & 0x3F;
        }
        return length == 1 ? bits : 0xF00 >> length & 0xFF | bits;
    }
}
