package dev.flover.engine.tokenizer.pattern;

import dev.flover.engine.tokenizer.pattern.PatternNode.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/// Parses the regular expressions of published tokenizers: Oniguruma's syntax without captures, back-references,
/// look-behind and lazy quantifiers.
final class PatternParser extends SetParser {
    private static final int MAX_LENGTH = 16_384;
    private static final int MAX_COUNT = 1_000;

    private PatternParser(String pattern) {
        super(pattern);
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
}
