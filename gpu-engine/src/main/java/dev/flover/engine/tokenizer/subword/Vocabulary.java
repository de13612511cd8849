package dev.flover.engine.tokenizer.subword;

import dev.flover.engine.format.ModelFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The spelling and kind of every token of a model file. Checks that no two tokens have the same spelling.
public final class Vocabulary {
    public static final int MAX_TOKENS = 1 << 21;
    private static final int MAX_SPELLING = 4_096;
    private static final int BYTE_TOKEN_LENGTH = "<0x00>".length();

    private final Path file;
    private final String[] spellings;
    private final TokenKind[] kinds;
    private final Map<String, Integer> ids;

    public Vocabulary(Path file, int size) {
        if (size < 1 || size > MAX_TOKENS) {
            throw new ModelFileException(
                    file, "has a vocabulary of " + size + " tokens; 1 to " + MAX_TOKENS + " are possible");
        }
        this.file = file;
        this.spellings = new String[size];
        this.kinds = new TokenKind[size];
        this.ids = HashMap.newHashMap(size);
        Arrays.fill(spellings, "");
        Arrays.fill(kinds, TokenKind.UNUSED);
    }

    /// Sets a token. An empty spelling leaves the token unused.
    public void set(int id, String spelling, TokenKind kind) {
        if (id < 0 || id >= spellings.length) {
            throw new ModelFileException(file, "gives the token " + quoted(spelling) + " the id " + id
                    + "; its vocabulary has ids from 0 to " + (spellings.length - 1));
        }
        if (spelling.length() > MAX_SPELLING) {
            throw new ModelFileException(file, "has a token of " + spelling.length() + " characters (id " + id
                    + "); at most " + MAX_SPELLING + " are possible");
        }
        if (spelling.isEmpty()) {
            return;
        }
        Integer other = ids.putIfAbsent(spelling, id);
        if (other != null && other != id) {
            throw new ModelFileException(file, "gives two tokens the same spelling: " + other + " and " + id
                    + " are both " + quoted(spelling));
        }
        if (!spellings[id].isEmpty() && !spellings[id].equals(spelling)) {
            throw new ModelFileException(file, "gives the id " + id + " to two tokens, " + quoted(spellings[id])
                    + " and " + quoted(spelling));
        }
        spellings[id] = spelling;
        kinds[id] = kind;
    }

    public int size() {
        return spellings.length;
    }

    /// The spelling of a token; empty for an unused id.
    public String spelling(int id) {
        return spellings[id];
    }

    public TokenKind kind(int id) {
        return kinds[id];
    }

    /// The token with a spelling, of whatever kind, or -1.
    public int id(String spelling) {
        return ids.getOrDefault(spelling, -1);
    }

    /// The token with a spelling, if the characters of a text can be merged to it; else -1.
    int spelledId(String spelling) {
        int id = id(spelling);
        return id >= 0 && kinds[id].isSpelled() ? id : -1;
    }

    /// The tokens that are single characters, by character.
    Map<Integer, Integer> characters() {
        var characters = new HashMap<Integer, Integer>();
        for (int id = 0; id < spellings.length; id++) {
            String spelling = spellings[id];
            if (!spelling.isEmpty() && kinds[id].isSpelled()
                    && Character.charCount(spelling.codePointAt(0)) == spelling.length()) {
                characters.put(spelling.codePointAt(0), id);
            }
        }
        return characters;
    }

    /// Whether any token has U+2581 after another character.
    boolean spansWordMarks() {
        for (int id = 0; id < spellings.length; id++) {
            String spelling = spellings[id];
            for (int i = 1; kinds[id].isSpelled() && i < spelling.length(); i++) {
                if (spelling.charAt(i) == '\u2581' && spelling.charAt(i - 1) != '\u2581') {
                    return true;
                }
            }
        }
        return false;
    }

    /// The tokens with the spellings `<0x00>` to `<0xFF>`, by byte; -1 for a missing one.
    public int[] byteTokens() {
        int[] tokens = new int[256];
        for (int b = 0; b < tokens.length; b++) {
            tokens[b] = id("<0x%02X>".formatted(b));
        }
        return tokens;
    }

    /// The byte of a spelling such as `<0x0A>`; -1 for any other spelling.
    public static int byteNamed(String spelling) {
        if (spelling.length() != BYTE_TOKEN_LENGTH || !spelling.startsWith("<0x") || !spelling.endsWith(">")) {
            return -1;
        }
        int high = Character.digit(spelling.charAt(3), 16);
        int low = Character.digit(spelling.charAt(4), 16);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    public static String quoted(String spelling) {
        return '"' + (spelling.length() <= 40 ? spelling : spelling.substring(0, 40) + "...") + '"';
    }
}
