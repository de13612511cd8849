package dev.flover.topology.tools;

import dev.flover.engine.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A tokenizer with one token for each byte value, one for the end of text, and the special tokens of a model family.
public final class MarkedBytes implements Tokenizer {
    public static final int END_OF_TEXT = 256;
    private final List<String> markup;

    public MarkedBytes(String... markup) {
        this.markup = List.of(markup);
    }

    @Override
    public int vocabulary() {
        return END_OF_TEXT + 1 + markup.size();
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        var ids = new java.util.ArrayList<Integer>();
        for (int at = 0; at < text.length(); ) {
            String spelled = parseSpecial ? markupAt(text, at) : "";
            int end = spelled.isEmpty() ? text.offsetByCodePoints(at, 1) : at + spelled.length();
            if (spelled.isEmpty()) {
                for (byte value : text.substring(at, end).getBytes(StandardCharsets.UTF_8)) {
                    ids.add(value & 0xFF);
                }
            } else {
                ids.add(idOf(spelled));
            }
            at = end;
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public String markupAt(String text, int place) {
        return markup.stream().filter(spelling -> text.startsWith(spelling, place)).findFirst().orElse("");
    }

    @Override
    public int beginOfText() {
        return -1;
    }

    @Override
    public byte[] bytes(int token) {
        return isControl(token) ? new byte[0] : new byte[] {(byte) token};
    }

    @Override
    public boolean isControl(int token) {
        return token >= END_OF_TEXT;
    }

    @Override
    public String spelling(int token) {
        return token > END_OF_TEXT ? markup.get(token - END_OF_TEXT - 1) : "";
    }

    @Override
    public int idOf(String spelling) {
        int index = markup.indexOf(spelling);
        return index < 0 ? -1 : END_OF_TEXT + 1 + index;
    }

    @Override
    public boolean stripsLeadingSpace() {
        return false;
    }

    String spelled(int[] ids) {
        var bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            bytes.writeBytes(isControl(id) ? spelling(id).getBytes(StandardCharsets.UTF_8) : bytes(id));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
