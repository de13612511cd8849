package dev.flover.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// SentencePiece's compiled normalisation: at each position, the longest spelling in the map is replaced.
///
/// ```
///   bytes of the trie (u32) | double-array trie (u32 each) | replacements, UTF-8, each ended by a zero byte
/// ```
///
/// A unit of the trie, as in Darts-clone: bits 0 to 7 are its label; bit 31 says that it holds a value; bit 8 says that
/// a value follows; bits 10 to 30 are the offset of its children, shifted left by 8 if bit 9 is set.
final class CharacterMap implements TextNormalizer {
    private static final int LONGEST_SPELLING = 256;

    private final int[] units;
    private final byte[] replacements;

    /// @throws IllegalArgumentException if the lengths in the map contradict its size
    CharacterMap(byte[] compiled) {
        if (compiled.length < Integer.BYTES) {
            throw new IllegalArgumentException("a character map of " + compiled.length + " bytes is too short");
        }
        var buffer = ByteBuffer.wrap(compiled).order(ByteOrder.LITTLE_ENDIAN);
        long trieBytes = Integer.toUnsignedLong(buffer.getInt());
        if (trieBytes == 0 || trieBytes % Integer.BYTES != 0 || trieBytes > buffer.remaining()) {
            throw new IllegalArgumentException("a character map of " + compiled.length + " bytes cannot have a trie of "
                    + trieBytes);
        }
        units = new int[(int) trieBytes / Integer.BYTES];
        for (int i = 0; i < units.length; i++) {
            units[i] = buffer.getInt();
        }
        replacements = new byte[buffer.remaining()];
        buffer.get(replacements);
    }

    @Override
    public String normalize(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        var out = new StringBuilder(text.length());
        for (int at = 0; at < bytes.length; ) {
            long match = longest(bytes, at);
            if (match >= 0) {
                out.append(replacement((int) match));
                at += (int) (match >>> 32);
            } else {
                int end = at + 1;
                while (end < bytes.length && (bytes[end] & 0xC0) == 0x80) {
                    end++;
                }
                out.append(new String(bytes, at, end - at, StandardCharsets.UTF_8));
                at = end;
            }
        }
        return out.toString();
    }

    /// Finds the longest spelling at a position.
    ///
    /// @return its length in the upper 32 bits and the offset of its replacement in the lower ones; -1 if there is none
    private long longest(byte[] bytes, int at) {
        long found = -1;
        int unit = units[0];
        int node = offset(unit);
        for (int i = at; i < bytes.length && i - at < LONGEST_SPELLING && bytes[i] != 0; i++) {
            node ^= bytes[i] & 0xFF;
            if (node < 0 || node >= units.length) {
                break;
            }
            unit = units[node];
            if ((unit & 0x8000_00FF) != (bytes[i] & 0xFF)) {
                break;
            }
            node ^= offset(unit);
            if ((unit >>> 8 & 1) == 1 && node >= 0 && node < units.length) {
                int value = units[node] & Integer.MAX_VALUE;
                if (value < replacements.length) {
                    found = (long) (i + 1 - at) << 32 | value;
                }
            }
        }
        return found;
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    private String replacement(int offset) {
        int end = offset;
        while (end < replacements.length && replacements[end] != 0) {
            end++;
        }
        return new String(Arrays.copyOfRange(replacements, offset, end), StandardCharsets.UTF_8);
    }
}
