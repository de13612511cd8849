package dev.flover.engine.tokenizer.pattern;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Parses the parts of a pattern that stand for one character: escapes, classes, and sets in brackets.
abstract sealed class SetParser permits PatternParser {
    static final int MAX_DEPTH = 64;

    final String pattern;
    private final Map<String, CodePointSet> sets = new HashMap<>();
    int at;
    int depth;
    boolean ignoreCase;

    SetParser(String pattern) {
        this.pattern = pattern;
    }

    /// A class such as `\s` or `\p{L}`; for any other escape null, and nothing is consumed.
    final @Nullable IntPredicate escapedClass() {
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

    final int escapedCharacter() {
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

    final CodePointSet bracket() {
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

    private IntPredicate both(@Nullable IntPredicate left, @Nullable IntPredicate right) {
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

    final CodePointSet set(String source, IntPredicate rule) {
        return sets.computeIfAbsent(source, _ -> CodePointSet.of(rule));
    }

    final boolean accept(char c) {
        if (at < pattern.length() && pattern.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    final IllegalArgumentException refused(String what) {
        return new IllegalArgumentException(
                "the pattern " + shortened(pattern) + " has " + what + " at character " + at
                + ", which is not supported");
    }

    private static String shortened(String pattern) {
        return pattern.length() <= 80 ? pattern : pattern.substring(0, 80) + "...";
    }
}
