package dev.flover.engine.tokenizer;

import java.nio.charset.StandardCharsets;

/// A tokenizer in which token n is byte n, and token 256 is markup.
record OneByteATokenTokenizer(boolean stripsLeadingSpace) implements Tokenizer {
    static final int MARKUP = 256;

    @Override
    public int vocabulary() {
        return MARKUP + 1;
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i] & 0xFF;
        }
        return ids;
    }

    @Override
    public int beginOfText() {
        return -1;
    }

    @Override
    public byte[] bytes(int token) {
        return token == MARKUP ? new byte[0] : new byte[] {(byte) token};
    }

    @Override
    public boolean isControl(int token) {
        return token == MARKUP;
    }
}
