package dev.flover.engine.constraint.regex;

import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Reads patterns of ECMA-262 with the flag `u`, and patterns that browsers accept without this flag. Back-references,
/// word boundaries and look-behind are not supported.
final class PatternReader {
    private static final int MAX_LENGTH = 16_384;
    private static final int MAX_DEPTH = 100;
    private static final CharSet DIGIT = CharSet.range('0', '9');
    private static final CharSet WORD =
            DIGIT.or(CharSet.range('a', 'z')).or(CharSet.range('A', 'Z')).or(CharSet.of('_'));
    private static final CharSet SPACE = CharSet.range('\t', '\r')
            .or(CharSet.of(' ', 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF))
            .or(CharSet.range(0x2000, 0x200A));
    private static final CharSet NO_LINE_BREAK = CharSet.of('\n', '\r', 0x2028, 0x2029).not();
    private static final Map<String, CharSet> PROPERTIES = new ConcurrentHashMap<>();

    private final String pattern;
    private int at;
    private int depth;

    private PatternReader(String pattern) {
        this.pattern = pattern;
    }

    /// @throws IllegalArgumentException with the part that is not understood and its place in the pattern
    static PatternNode read(String pattern) {
        if (pattern.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a pattern of " + pattern.length() + " characters is longer than "
                    + MAX_LENGTH);
        }
        var reader = new PatternReader(pattern);
        var node = reader.either();
        if (reader.at < pattern.length()) {
            throw reader.refused("an unmatched )");
        }
        return node;
    }

    private PatternNode either() {
        if (++depth > MAX_DEPTH) {
            throw refused("nesting deeper than " + MAX_DEPTH);
        }
        var choices = new ArrayList<PatternNode>();
        choices.add(inOrder());
        while (accept("|")) {
            choices.add(inOrder());
        }
        depth--;
        return choices.size() == 1 ? choices.getFirst() : new PatternNode.Either(choices);
    }

    private PatternNode inOrder() {
        var parts = new ArrayList<PatternNode>();
        while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
            parts.add(quantified(atom()));
        }
        return parts.size() == 1 ? parts.getFirst() : new PatternNode.InOrder(parts);
    }

    private PatternNode quantified(PatternNode atom) {
        int min;
        int max;
        if (accept("*")) {
            min = 0;
            max = -1;
        } else if (accept("+")) {
            min = 1;
            max = -1;
        } else if (accept("?")) {
            min = 0;
            max = 1;
        } else {
            int[] counts = counts();
            if (counts == null) {
                return atom;
            }
            min = counts[0];
            max = counts[1];
        }
        accept("?");
        if (at < pattern.length() && "*+?".indexOf(pattern.charAt(at)) >= 0) {
            throw refused("a quantifier after a quantifier");
        }
        return new PatternNode.Repeated(atom, min, max);
    }

    /// The two numbers of a quantifier `{n}`, `{n,}` (the second is -1) or `{n,m}`; null if there is no such quantifier
    /// here.
    private int @Nullable [] counts() {
        int close = at < pattern.length() && pattern.charAt(at) == '{' ? pattern.indexOf('}', at) : -1;
        String inner = close < 0 ? "" : pattern.substring(at + 1, close);
        if (!inner.matches("[0-9]{1,9}(,[0-9]{0,9})?")) {
            return null;
        }
        int comma = inner.indexOf(',');
        int min = Integer.parseInt(comma < 0 ? inner : inner.substring(0, comma));
        int max = comma < 0 ? min : comma == inner.length() - 1 ? -1 : Integer.parseInt(inner.substring(comma + 1));
        if (max >= 0 && max < min) {
            throw refused("the quantifier {" + inner + "}, whose numbers are out of order,");
        }
        at = close + 1;
        return new int[] {min, max};
    }

    private PatternNode atom() {
        char c = pattern.charAt(at);
        return switch (c) {
            case '(' -> group();
            case '[' -> new PatternNode.One(bracket());
            case '.' -> one(NO_LINE_BREAK, 1);
            case '^' -> {
                at++;
                yield new PatternNode.Start();
            }
            case '$' -> {
                at++;
                yield new PatternNode.End();
            }
            case '\\' -> new PatternNode.One(escape(false));
            case '*', '+', '?' -> throw refused("a quantifier with nothing before it");
            default -> {
                int codePoint = pattern.codePointAt(at);
                yield one(CharSet.of(codePoint), Character.charCount(codePoint));
            }
        };
    }

    private PatternNode one(CharSet set, int length) {
        at += length;
        return new PatternNode.One(set);
    }

    private PatternNode group() {
        PatternNode node;
        if (accept("(?:")) {
            node = either();
        } else if (accept("(?=")) {
            node = new PatternNode.LookAhead(either(), false);
        } else if (accept("(?!")) {
            node = new PatternNode.LookAhead(either(), true);
        } else if (pattern.startsWith("(?<=", at) || pattern.startsWith("(?<!", at)) {
            throw refused("look-behind");
        } else if (pattern.startsWith("(?<", at) && pattern.indexOf('>', at) > 0) {
            at = pattern.indexOf('>', at) + 1;
            node = either();
        } else if (pattern.startsWith("(?", at)) {
            throw refused("a group that begins with (?");
        } else {
            at++;
            node = either();
        }
        if (!accept(")")) {
            throw refused("a ( that is not closed");
        }
        return node;
    }

    private CharSet bracket() {
        at++;
        boolean negative = accept("^");
        var set = CharSet.NONE;
        while (!accept("]")) {
            if (at >= pattern.length()) {
                throw refused("a [ that is not closed");
            }
            int start = at;
            var first = bracketAtom();
            if (at + 1 < pattern.length() && pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']') {
                at++;
                set = set.or(between(first, bracketAtom(), start));
            } else {
                set = set.or(first);
            }
        }
        return negative ? set.not() : set;
    }

    private CharSet between(CharSet first, CharSet last, int start) {
        int[] from = single(first);
        int[] to = single(last);
        if (from == null || to == null) {
            return first.or(last).or(CharSet.of('-'));
        }
        if (from[0] > to[0]) {
            throw refused("the range " + pattern.substring(start, at) + ", whose ends are out of order,");
        }
        return CharSet.range(from[0], to[0]);
    }

    private static int @Nullable [] single(CharSet set) {
        var ranges = set.ranges();
        return ranges.size() == 1 && ranges.getFirst()[0] == ranges.getFirst()[1] ? ranges.getFirst() : null;
    }

    private CharSet bracketAtom() {
        if (pattern.charAt(at) == '\\') {
            return escape(true);
        }
        int codePoint = pattern.codePointAt(at);
        at += Character.charCount(codePoint);
        return CharSet.of(codePoint);
    }

    private CharSet escape(boolean inBracket) {
        if (at + 1 >= pattern.length()) {
            throw refused("a \\ with nothing after it");
        }
        char c = pattern.charAt(at + 1);
        at += 2;
        return switch (c) {
            case 'd' -> DIGIT;
            case 'D' -> DIGIT.not();
            case 'w' -> WORD;
            case 'W' -> WORD.not();
            case 's' -> SPACE;
            case 'S' -> SPACE.not();
            case 't' -> CharSet.of('\t');
            case 'n' -> CharSet.of('\n');
            case 'r' -> CharSet.of('\r');
            case 'f' -> CharSet.of('\f');
            case 'v' -> CharSet.of(0x0B);
            case '0' -> CharSet.of(0);
            case 'x' -> CharSet.of(hex(2));
            case 'u' -> CharSet.of(unicode());
            case 'c' -> CharSet.of(pattern.charAt(Math.min(at++, pattern.length() - 1)) & 0x1F);
            case 'p' -> property();
            case 'P' -> property().not();
            case 'b' -> {
                if (!inBracket) {
                    throw refused("a word boundary (\\b)");
                }
                yield CharSet.of('\b');
            }
            default -> identity(c);
        };
    }

    private CharSet identity(char c) {
        if (c < 0x80 && Character.isLetterOrDigit(c)) {
            throw refused(Character.isDigit(c) ? "the back-reference \\" + c : "the escape \\" + c);
        }
        int codePoint = pattern.codePointAt(at - 1);
        at += Character.charCount(codePoint) - 1;
        return CharSet.of(codePoint);
    }

    private int unicode() {
        if (accept("{")) {
            int close = pattern.indexOf('}', at);
            int length = close - at;
            int value = close < 0 || length > 6 ? -1 : hex(length);
            if (value < 0 || value > Character.MAX_CODE_POINT) {
                throw refused("a \\u{ that names no character");
            }
            at++;
            return value;
        }
        int high = hex(4);
        if (Character.isHighSurrogate((char) high) && pattern.startsWith("\\u", at)) {
            int before = at;
            at += 2;
            int low = hex(4);
            if (Character.isLowSurrogate((char) low)) {
                return Character.toCodePoint((char) high, (char) low);
            }
            at = before;
        }
        return high;
    }

    private int hex(int length) {
        if (at + length > pattern.length() || !pattern.substring(at, at + length).matches("[0-9A-Fa-f]+")) {
            throw refused("an escape without its " + length + " hexadecimal digits");
        }
        int value = Integer.parseInt(pattern.substring(at, at + length), 16);
        at += length;
        return value;
    }

    private CharSet property() {
        int close = pattern.indexOf('}', at);
        if (!accept("{") || close < 0) {
            throw refused("a \\p without {...}");
        }
        String name = pattern.substring(at, close);
        at = close + 1;
        var set = PROPERTIES.get(name);
        if (set == null) {
            set = named(name);
            PROPERTIES.put(name, set);
        }
        return set;
    }

    private CharSet named(String name) {
        int equals = name.indexOf('=');
        String key = equals < 0 ? "" : name.substring(0, equals);
        if (key.equals("Script") || key.equals("sc")) {
            try {
                var script = Character.UnicodeScript.forName(name.substring(equals + 1));
                return CharSet.where(c -> Character.UnicodeScript.of(c) == script);
            } catch (IllegalArgumentException noSuchScript) {
                throw refused("the unknown script " + name.substring(equals + 1));
            }
        }
        int types = categories(name.substring(equals + 1));
        if (types == 0 || equals >= 0 && !key.equals("gc") && !key.equals("General_Category")) {
            throw refused("the unknown property " + name);
        }
        return CharSet.where(c -> (types >> Character.getType(c) & 1) != 0);
    }

    /// The general category with this name as one bit for each of the constants of [Character#getType]; 0 if unknown.
    private static int categories(String name) {
        return switch (name) {
            case "Lu", "Uppercase_Letter" -> 1 << Character.UPPERCASE_LETTER;
            case "Ll", "Lowercase_Letter" -> 1 << Character.LOWERCASE_LETTER;
            case "Lt" -> 1 << Character.TITLECASE_LETTER;
            case "Lm" -> 1 << Character.MODIFIER_LETTER;
            case "Lo" -> 1 << Character.OTHER_LETTER;
            case "L", "Letter" -> categories("Lu") | categories("Ll") | categories("Lt") | categories("Lm")
                    | categories("Lo");
            case "Mn" -> 1 << Character.NON_SPACING_MARK;
            case "Mc" -> 1 << Character.COMBINING_SPACING_MARK;
            case "Me" -> 1 << Character.ENCLOSING_MARK;
            case "M", "Mark" -> categories("Mn") | categories("Mc") | categories("Me");
            case "Nd", "digit", "Decimal_Number" -> 1 << Character.DECIMAL_DIGIT_NUMBER;
            case "Nl" -> 1 << Character.LETTER_NUMBER;
            case "No" -> 1 << Character.OTHER_NUMBER;
            case "N", "Number" -> categories("Nd") | categories("Nl") | categories("No");
            case "P", "Punctuation" -> 1 << Character.CONNECTOR_PUNCTUATION | 1 << Character.DASH_PUNCTUATION
                    | 1 << Character.START_PUNCTUATION | 1 << Character.END_PUNCTUATION
                    | 1 << Character.INITIAL_QUOTE_PUNCTUATION | 1 << Character.FINAL_QUOTE_PUNCTUATION
                    | 1 << Character.OTHER_PUNCTUATION;
            case "S", "Symbol" -> 1 << Character.MATH_SYMBOL | 1 << Character.CURRENCY_SYMBOL
                    | 1 << Character.MODIFIER_SYMBOL | 1 << Character.OTHER_SYMBOL;
            case "Zs", "Space_Separator" -> 1 << Character.SPACE_SEPARATOR;
            case "Z", "Separator" -> categories("Zs") | 1 << Character.LINE_SEPARATOR
                    | 1 << Character.PARAGRAPH_SEPARATOR;
            case "Cc", "Control" -> 1 << Character.CONTROL;
            default -> 0;
        };
    }

    private boolean accept(String expected) {
        boolean found = pattern.startsWith(expected, at);
        at += found ? expected.length() : 0;
        return found;
    }

    private IllegalArgumentException refused(String what) {
        return new IllegalArgumentException(what + " is not supported in a pattern (at character "
                + (Math.min(at, pattern.length()) + 1) + " of " + shown() + ")");
    }

    private String shown() {
        return pattern.length() <= 60 ? pattern : pattern.substring(0, 60) + "...";
    }
}
