package dev.flover.engine.constraint;

import dev.flover.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A test vocabulary: one token for each byte, some longer tokens, the markup `<|call|>`, and an end-of-text token. A
/// text is encoded greedily, by the longest token at each place.
public final class TextTokens implements Tokenizer {
    public static final int END = 256;
    private static final String[] LONGER = {"{\"", "\":", "\",\"", "\"}", "true", "null", "ab", "abc", "12", "[[", "]]",
        "\":\"", "00", "é", "items", " ", ": ", ", "};

    public static final int CALL = END + 1 + LONGER.length;
    private static final String CALL_SPELLING = "<|call|>";

    @Override
    public int vocabulary() {
        return CALL + 1;
    }

    @Override
    public String markupAt(String text, int place) {
        return text.startsWith(CALL_SPELLING, place) ? CALL_SPELLING : "";
    }

    @Override
    public String spelling(int token) {
        return token == CALL ? CALL_SPELLING : "";
    }

    @Override
    public int idOf(String spelling) {
        return CALL_SPELLING.equals(spelling) ? CALL : -1;
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        int count = 0;
        for (int at = 0; at < bytes.length; at += bytes(ids[count - 1]).length) {
            ids[count++] = longest(bytes, at);
        }
        return Arrays.copyOf(ids, count);
    }

    private int longest(byte[] bytes, int at) {
        int best = bytes[at] & 0xFF;
        for (int id = END + 1; id < CALL; id++) {
            byte[] token = bytes(id);
            if (token.length > bytes(best).length && at + token.length <= bytes.length
                    && Arrays.equals(token, 0, token.length, bytes, at, at + token.length)) {
                best = id;
            }
        }
        return best;
    }

    @Override
    public int beginOfText() {
        return -1;
    }

    @Override
    public byte[] bytes(int token) {
        if (token < END) {
            return new byte[] {(byte) token};
        }
        return isControl(token) ? new byte[0] : LONGER[token - END - 1].getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean isControl(int token) {
        return token == END || token == CALL;
    }

    @Override
    public boolean stripsLeadingSpace() {
        return false;
    }
}
