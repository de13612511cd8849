package dev.flover.engine.tokenizer.pattern;

import dev.flover.engine.tokenizer.pattern.PatternNode.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/// Parses the regular expressions of published tokenizers: Oniguruma's syntax without captures, back-references,
/// look-behind and lazy quantifiers.
final class PatternParser {
    private static final int MAX_LENGTH = 16_384;
    private static final int MAX_DEPTH = 64;
    private static final int MAX_COUNT = 1_000;

    private final String pattern;
    private final Map<String, CodePointSet> sets = new HashMap<>();
    private int at;
    private int depth;
    private boolean ignoreCase;

    private PatternParser(String pattern) {
        this.pattern = pattern;
    }

    /// @throws IllegalArgumentException with the part that is not supported and its place in the pattern
    static PatternNode parse(String pattern) {
        if (pattern.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a pattern of " + pattern.length() + " characters is longer than "
                    + MAX_LENGTH);
        }
        var parser = new PatternParser(pattern);
        var node = parser.either();
        if (parser.at < pattern.length()) {
            throw parser.refused("an unmatched )");
        }
        return node;
    }

    private PatternNode either() {
        if (++depth > MAX_DEPTH) {
            throw refused("nesting deeper than " + MAX_DEPTH);
        }
        var choices = new ArrayList<PatternNode>();
        choices.add(inOrder());
        while (accept('|')) {
            choices.add(inOrder());
        }
        depth--;
        return choices.size() == 1 ? choices.getFirst() : new PatternNode.Either(List.copyOf(choices));
    }

    private PatternNode inOrder() {
        var parts = new ArrayList<PatternNode>();
        boolean outer = ignoreCase;
        while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
            if (pattern.startsWith("(?i)", at)) {
                at += "(?i)".length();
                ignoreCase = true;
                continue;
            }
            parts.add(quantified(atom()));
        }
        if (depth > 1) {
            ignoreCase = outer;
        }
        return parts.size() == 1 ? parts.getFirst() : new PatternNode.InOrder(List.copyOf(parts));
    }

    private PatternNode atom() {
        char c = pattern.charAt(at);
        return switch (c) {
            case '(' -> group();
            case '[' -> new PatternNode.One(bracket());
            case '.' -> {
                at++;
                yield new PatternNode.One(set(".", x -> x != '\n'));
            }
            case '^' -> place(Place.LINE_START, 1);
            case '$' -> place(Place.LINE_END, 1);
            case '\\' -> escape();
            case '*', '+', '?' -> throw refused("a quantifier with nothing before it");
            default -> literal();
        };
    }

    private PatternNode place(Place place, int length) {
        at += length;
        return new PatternNode.At(place);
    }

    private PatternNode literal() {
        int codePoint = pattern.codePointAt(at);
        at += Character.charCount(codePoint);
        return one(codePoint);
    }

    private PatternNode one(int codePoint) {
        return new PatternNode.One(
                ignoreCase ? CodePointSet.ignoringCase(codePoint) : CodePointSet.only(codePoint));
    }

    private PatternNode escape() {
        if (at + 1 >= pattern.length()) {
            throw refused("a \\ with nothing after it");
        }
        switch (pattern.charAt(at + 1)) {
            case 'b':
                return place(Place.WORD_BOUNDARY, 2);
            case 'B':
                return place(Place.NO_WORD_BOUNDARY, 2);
            case 'A':
                return place(Place.TEXT_START, 2);
            case 'z':
                return place(Place.TEXT_END, 2);
            default:
                break;
        }
        int start = at;
        IntPredicate rule = escapedClass();
        if (rule != null) {
            return new PatternNode.One(set(pattern.substring(start, at), rule));
        }
        return one(escapedCharacter());
    }

    /// A class such as `\s` or `\p{L}`; for any other escape null, and nothing is consumed.
    private IntPredicate escapedClass() {
        char c = pattern.charAt(at + 1);
        IntPredicate rule = switch (c) {
            case 's', 'S' -> CodePointRules.WHITE_SPACE;
            case 'd', 'D' -> CodePointRules.DIGIT;
            case 'w', 'W' -> CodePointRules.WORD;
            default -> null;
        };
        if (rule != null) {
            at += 2;
            return Character.isUpperCase(c) ? rule.negate() : rule;
        }
        return c == 'p' || c == 'P' ? property(c == 'P') : null;
    }

    private IntPredicate property(boolean negative) {
        int start = at + 2;
        int end = start + 1;
        String name;
        if (start < pattern.length() && pattern.charAt(start) == '{') {
            end = pattern.indexOf('}', start) + 1;
            if (end == 0) {
                throw refused("\\p{ without }");
            }
            name = pattern.substring(start + 1, end - 1);
        } else if (start < pattern.length()) {
            name = pattern.substring(start, end);
        } else {
            throw refused("\\p without a name");
        }
        boolean caret = name.startsWith("^");
        IntPredicate rule = CodePointRules.property(caret ? name.substring(1) : name);
        if (rule == null) {
            throw refused("the unknown property \\p{" + name + "}");
        }
        at = end;
        return negative != caret ? rule.negate() : rule;
    }

    private int escapedCharacter() {
        char c = pattern.charAt(at + 1);
        at += 2;
        return switch (c) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'f' -> '\f';
            case 'v' -> 0x0B;
            case 'a' -> 0x07;
            case 'e' -> 0x1B;
            case '0' -> 0;
            case 'x' -> hexadecimal(2);
            case 'u' -> hexadecimal(4);
            default -> {
                if (Character.isLetterOrDigit(c)) {
                    at -= 2;
                    throw refused("the escape \\" + c);
                }
                at--;
                int codePoint = pattern.codePointAt(at);
                at += Character.charCount(codePoint);
                yield codePoint;
            }
        };
    }

    private int hexadecimal(int digits) {
        int end = at + digits;
        int start = at;
        int next = end;
        if (at < pattern.length() && pattern.charAt(at) == '{') {
            start = at + 1;
            end = pattern.indexOf('}', at);
            next = end + 1;
        }
        if (end < start || end > pattern.length() || end - start > 6) {
            throw refused("a hexadecimal escape that does not end");
        }
        try {
            int value = Integer.parseInt(pattern.substring(start, end), 16);
            if (!Character.isValidCodePoint(value)) {
                throw refused("an escape beyond Unicode");
            }
            at = next;
            return value;
        } catch (NumberFormatException _) {
            throw refused("a hexadecimal escape of other digits");
        }
    }

    private PatternNode group() {
        boolean outer = ignoreCase;
        at++;
        PatternNode node;
        if (!accept('?')) {
            node = either();
        } else if (accept(':')) {
            node = either();
        } else if (accept('=')) {
            node = new PatternNode.LookAhead(either(), false);
        } else if (accept('!')) {
            node = new PatternNode.LookAhead(either(), true);
        } else if (pattern.startsWith("i:", at)) {
            at += 2;
            ignoreCase = true;
            node = either();
        } else {
            throw refused("a group of the kind (?" + (at < pattern.length() ? pattern.charAt(at) : ""));
        }
        ignoreCase = outer;
        if (!accept(')')) {
            throw refused("a ( without )");
        }
        return node;
    }

    private PatternNode quantified(PatternNode atom) {
        if (at >= pattern.length()) {
            return atom;
        }
        int min;
        int max;
        switch (pattern.charAt(at)) {
            case '?' -> {
                min = 0;
                max = 1;
                at++;
            }
            case '*' -> {
                min = 0;
                max = PatternNode.UNLIMITED;
                at++;
            }
            case '+' -> {
                min = 1;
                max = PatternNode.UNLIMITED;
                at++;
            }
            case '{' -> {
                int[] counts = counts();
                min = counts[0];
                max = counts[1];
            }
            default -> {
                return atom;
            }
        }
        return repeated(atom, min, max);
    }

    private PatternNode repeated(PatternNode atom, int min, int max) {
        if (accept('?')) {
            throw refused("a lazy quantifier");
        }
        boolean possessive = accept('+');
        PatternNode node;
        if (atom instanceof PatternNode.One(CodePointSet set)) {
            node = new PatternNode.Run(set, min, max, possessive);
        } else if (possessive) {
            throw refused("a possessive group");
        } else if (max > 1 && atom.mayBeEmpty()) {
            throw refused("a repeated group that may be empty");
        } else {
            node = new PatternNode.Repeated(atom, min, max);
        }
        if (at < pattern.length() && "*+?".indexOf(pattern.charAt(at)) >= 0) {
            throw refused("a quantifier of a quantifier");
        }
        return node;
    }

    private int[] counts() {
        int end = pattern.indexOf('}', at);
        String[] counts = end < 0 ? new String[0] : pattern.substring(at + 1, end).split(",", -1);
        try {
            if (counts.length == 0 || counts.length > 2) {
                throw refused("a { that does not begin a count");
            }
            int min = counts[0].isEmpty() ? 0 : Integer.parseInt(counts[0]);
            int max = counts.length == 1
                    ? min
                    : counts[1].isEmpty() ? PatternNode.UNLIMITED : Integer.parseInt(counts[1]);
            if (min < 0 || min > MAX_COUNT || max < min || max > MAX_COUNT && max != PatternNode.UNLIMITED) {
                throw refused("a count beyond 0 to " + MAX_COUNT);
            }
            at = end + 1;
            return new int[] {min, max};
        } catch (NumberFormatException _) {
            throw refused("a { that does not begin a count");
        }
    }

    private CodePointSet bracket() {
        int start = at;
        IntPredicate rule = bracketRule();
        return set((ignoreCase ? "fold " : "") + pattern.substring(start, at), rule);
    }

    /// A set in brackets, with ranges, classes, nested brackets and intersections (`&&`).
    private IntPredicate bracketRule() {
        if (++depth > MAX_DEPTH) {
            throw refused("nesting deeper than " + MAX_DEPTH);
        }
        at++;
        boolean negative = accept('^');
        IntPredicate all = null;
        IntPredicate union = null;
        boolean first = true;
        while (at < pattern.length() && (pattern.charAt(at) != ']' || first)) {
            first = false;
            if (pattern.startsWith("&&", at)) {
                at += 2;
                all = both(all, union);
                union = null;
                continue;
            }
            IntPredicate member = member();
            union = union == null ? member : union.or(member);
        }
        if (!accept(']')) {
            throw refused("a [ without ]");
        }
        depth--;
        IntPredicate rule = both(all, union);
        return negative ? rule.negate() : rule;
    }

    private IntPredicate both(IntPredicate left, IntPredicate right) {
        if (right == null) {
            throw refused("an empty set");
        }
        return left == null ? right : left.and(right);
    }

    private IntPredicate member() {
        if (pattern.charAt(at) == '[') {
            return pattern.startsWith("[:", at) ? posixClass() : bracketRule();
        }
        if (pattern.charAt(at) == '\\') {
            if (at + 1 >= pattern.length()) {
                throw refused("a \\ with nothing after it");
            }
            IntPredicate rule = escapedClass();
            if (rule != null) {
                return rule;
            }
        }
        int from = setCharacter();
        int to = from;
        boolean range = at + 1 < pattern.length() && pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']'
                && pattern.charAt(at + 1) != '[';
        if (range) {
            at++;
            to = setCharacter();
            if (to < from) {
                throw refused("a range that runs backwards");
            }
        }
        int low = from;
        int high = to;
        IntPredicate within = c -> c >= low && c <= high;
        return ignoreCase
                ? c -> within.test(c) || within.test(Character.toLowerCase(c)) || within.test(Character.toUpperCase(c))
                : within;
    }

    private IntPredicate posixClass() {
        int end = pattern.indexOf(":]", at);
        if (end < 0) {
            throw refused("a [: without :]");
        }
        String name = pattern.substring(at + 2, end);
        boolean negative = name.startsWith("^");
        IntPredicate rule = CodePointRules.property(negative ? name.substring(1) : name);
        if (rule == null) {
            throw refused("the unknown class [:" + name + ":]");
        }
        at = end + 2;
        return negative ? rule.negate() : rule;
    }

    private int setCharacter() {
        if (pattern.charAt(at) == '\\' && at + 1 < pattern.length()) {
            return escapedCharacter();
        }
        int codePoint = pattern.codePointAt(at);
        at += Character.charCount(codePoint);
        return codePoint;
    }

    private CodePointSet set(String source, IntPredicate rule) {
        return sets.computeIfAbsent(source, _ -> CodePointSet.of(rule));
    }

    private boolean accept(char c) {
        if (at < pattern.length() && pattern.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private IllegalArgumentException refused(String what) {
        return new IllegalArgumentException(
                "the pattern " + shortened(pattern) + " has " + what + " at character " + at
                + ", which is not supported");
    }

    private static String shortened(String pattern) {
        return pattern.length() <= 80 ? pattern : pattern.substring(0, 80) + "...";
    }
}
