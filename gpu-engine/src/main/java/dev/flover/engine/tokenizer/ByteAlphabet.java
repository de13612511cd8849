package dev.flover.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// GPT-2's spelling of bytes as printable characters: a byte that is a printable Latin-1 character stands for itself,
/// and the others are spelled by the characters from U+0100 on. Byte-level vocabularies are written in this alphabet.
final class ByteAlphabet {
    private static final int FIRST_STAND_IN = 0x100;
    private static final char[] CHARACTERS = new char[256];
    private static final int[] BYTES;

    static {
        int standIn = FIRST_STAND_IN;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            CHARACTERS[b] = (char) (printable ? b : standIn++);
        }
        BYTES = new int[standIn];
        Arrays.fill(BYTES, -1);
        for (int b = 0; b < 256; b++) {
            BYTES[CHARACTERS[b]] = b;
        }
    }

    private ByteAlphabet() {}

    /// The UTF-8 bytes of a text, spelled in this alphabet.
    static String spell(String text) {
        if (spellsItself(text)) {
            return text;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        char[] spelled = new char[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            spelled[i] = CHARACTERS[bytes[i] & 0xFF];
        }
        return new String(spelled);
    }

    /// The bytes that a token of a byte-level vocabulary spells. A token with a character outside of the alphabet
    /// stands for its own UTF-8.
    static byte[] bytes(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) BYTES[c];
        }
        return bytes;
    }

    private static boolean spellsItself(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c > '~') {
                return false;
            }
        }
        return true;
    }
}
