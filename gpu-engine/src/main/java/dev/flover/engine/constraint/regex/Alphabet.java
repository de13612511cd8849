package dev.flover.engine.constraint.regex;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// How the characters of a text are written as bytes. A text is written in one way only, so that equal texts are equal
/// bytes.
public enum Alphabet {
    /// UTF-8.
    PLAIN,
    /// UTF-8 between the quotes of a JSON string: escapes only where JSON asks for them, the short ones where there
    /// are any, and lower-case digits in the others.
    JSON;

    private static final int SURROGATES = 0xD800;
    private static final int AFTER_SURROGATES = 0xE000;
    private static final CharSet CONTROLS = CharSet.range(0, 0x1F);
    private static final String SHORT = "\b\t\n\f\r\"\\";
    private static final String SHORT_LETTERS = "btnfr\"\\";
    private static final int MAX_KNOWN = 4_096;

    private final Map<CharSet, Regex> known = new ConcurrentHashMap<>();

    /// Any one of the characters.
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

    /// Any text.
    public Regex any() {
        return Regex.repeat(one(CharSet.ALL), 0, -1);
    }

    /// What stands behind a text.
    public Regex end() {
        return this == PLAIN ? Regex.EMPTY : QUOTE;
    }

    /// What stands before a text.
    public Regex begin() {
        return this == PLAIN ? Regex.EMPTY : QUOTE;
    }

    private static final Regex QUOTE = Regex.text("\"");
    /// Every JSON string.
    public static final Regex STRING = Regex.concat(QUOTE, JSON.any(), QUOTE);

    /// A text with what stands before and behind it.
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

    /// A range by the lengths of its characters' encodings.
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

    /// @param shift bits behind those of the first byte
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
