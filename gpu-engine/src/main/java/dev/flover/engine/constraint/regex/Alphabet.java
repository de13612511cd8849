package dev.flover.engine.constraint.regex;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The encoding of a text's characters as bytes. Each text has exactly one encoding, so that equal texts are equal
/// bytes.
public enum Alphabet {
    /// A text is encoded as UTF-8.
    PLAIN,
    /// A text is encoded as a JSON string in UTF-8, with its quotes. Only the characters that JSON requires to be
    /// escaped are escaped: with the short escape if there is one, else as a backslash, `u` and four lower-case
    /// hexadecimal digits.
    JSON;

    private static final int SURROGATES = 0xD800;
    private static final int AFTER_SURROGATES = 0xE000;
    private static final CharSet CONTROLS = CharSet.range(0, 0x1F);
    private static final String SHORT = "\b\t\n\f\r\"\\";
    private static final String SHORT_LETTERS = "btnfr\"\\";
    private static final int MAX_KNOWN = 4_096;

    private final Map<CharSet, Regex> known = new ConcurrentHashMap<>();

    /// The language of the texts that are one character of the set, without quotes.
    public Regex one(CharSet set) {
        var found = known.get(set);
        if (found == null) {
            found = this == PLAIN ? utf8(set) : json(set);
            if (known.size() < MAX_KNOWN) {
                known.put(set, found);
            }
        }
        return found;
    }

    /// The language of all texts, without quotes.
    public Regex any() {
        return Regex.repeat(one(CharSet.ALL), 0, -1);
    }

    /// The bytes after each text: the closing quote or nothing.
    public Regex end() {
        return this == PLAIN ? Regex.EMPTY : QUOTE;
    }

    /// The bytes before each text: the opening quote or nothing.
    public Regex begin() {
        return this == PLAIN ? Regex.EMPTY : QUOTE;
    }

    private static final Regex QUOTE = Regex.text("\"");
    /// The language of all JSON strings.
    public static final Regex STRING = Regex.concat(QUOTE, JSON.any(), QUOTE);

    /// The bytes of a text, with quotes for [#JSON].
    public byte[] write(String text) {
        if (this == PLAIN) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        var written = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int index = SHORT.indexOf(c);
            if (index >= 0) {
                written.append('\\').append(SHORT_LETTERS.charAt(index));
            } else if (c < 0x20) {
                written.append("\\u%04x".formatted((int) c));
            } else {
                written.append(c);
            }
        }
        return written.append('"').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Regex json(CharSet set) {
        var ways = new ArrayList<Regex>();
        ways.add(utf8(set.and(CONTROLS.or(CharSet.of('"', '\\')).not())));
        for (int i = 0; i < SHORT.length(); i++) {
            if (set.contains(SHORT.charAt(i))) {
                ways.add(Regex.text("\\" + SHORT_LETTERS.charAt(i)));
            }
        }
        for (int c = 0; c < 0x20; c++) {
            if (set.contains(c) && SHORT.indexOf(c) < 0) {
                ways.add(Regex.text("\\u%04x".formatted(c)));
            }
        }
        return Regex.or(ways);
    }

    private static Regex utf8(CharSet set) {
        var ways = new ArrayList<Regex>();
        for (int[] range : set.ranges()) {
            add(ways, range[0], Math.min(range[1], SURROGATES - 1));
            add(ways, Math.max(range[0], AFTER_SURROGATES), range[1]);
        }
        return Regex.or(ways);
    }

    /// Adds the characters `first` to `last`, split by the length of their UTF-8 encoding.
    private static void add(ArrayList<Regex> ways, int first, int last) {
        int[] longest = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
        int from = first;
        for (int length = 1; length <= longest.length; length++) {
            int to = Math.min(last, longest[length - 1]);
            if (from <= to) {
                ways.add(ofLength(from, to, length));
                from = to + 1;
            }
        }
    }

    private static Regex ofLength(int first, int last, int length) {
        int[] lead = {0, 0, 0xC0, 0xE0, 0xF0};
        return length == 1
                ? Regex.bytes(ByteSet.range(first, last))
                : tail(first, last, length, lead[length], 6 * (length - 1));
    }

    /// The last `length` bytes of the encodings of the characters `first` to `last`.
    ///
    /// @param mark  the fixed high bits of the first of these bytes
    /// @param shift the number of payload bits in the bytes after it
    private static Regex tail(int first, int last, int length, int mark, int shift) {
        if (length == 1) {
            return Regex.bytes(ByteSet.range(mark | first, mark | last));
        }
        int high = first >> shift;
        int highest = last >> shift;
        int all = (1 << shift) - 1;
        var ways = new ArrayList<Regex>();
        for (int lead = high; lead <= highest; lead++) {
            int from = lead == high ? first & all : 0;
            int to = lead == highest ? last & all : all;
            int until = lead;
            while (from == 0 && to == all && until < highest && (until + 1 < highest || (last & all) == all)) {
                until++;
            }
            ways.add(Regex.concat(Regex.bytes(ByteSet.range(mark | lead, mark | until)),
                    tail(from, to, length - 1, 0x80, shift - 6)));
            lead = until;
        }
        return Regex.or(ways);
    }
}
