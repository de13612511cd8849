package dev.flover.topology.generation;

import dev.flover.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;

/// A tokenizer with one token for each byte value, and one for the end of text.
final class ByteTokenizer implements Tokenizer {
    static final int END_OF_TEXT = 256;

    @Override
    public int vocabulary() {
        return END_OF_TEXT + 1;
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = Byte.toUnsignedInt(bytes[i]);
        }
        return ids;
    }

    @Override
    public int beginOfText() {
        return -1;
    }

    @Override
    public byte[] bytes(int token) {
        return token == END_OF_TEXT ? new byte[0] : new byte[] {(byte) token};
    }

    @Override
    public boolean isControl(int token) {
        return token == END_OF_TEXT;
    }

    @Override
    public boolean stripsLeadingSpace() {
        return false;
    }
}
