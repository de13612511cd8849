package dev.flover.engine.constraint.grammar;

import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Alphabet;
import dev.flover.engine.constraint.regex.CharSet;
import dev.flover.engine.constraint.regex.Regex;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads GBNF: rules of the form `name ::= ...`, built from texts, character classes, groups, alternatives and
/// repetitions.
final class GrammarReader {
    private static final int MAX_DEPTH = 100;
    private static final int MAX_COUNT = 100_000;

    private final String text;
    private int at;
    private int depth;

    private GrammarReader(String text) {
        this.text = text;
    }

    /// @return the right sides of the rules, by name, in the order of the text
    /// @throws ConstraintException with the part that is not understood and its line
    static Map<String, GrammarNode> read(String text) {
        var reader = new GrammarReader(text);
        var rules = new LinkedHashMap<String, GrammarNode>();
        reader.space(true);
        while (reader.at < text.length()) {
            String name = reader.name();
            reader.space(false);
            if (!reader.accept("::=")) {
                throw reader.refused("expected ::= after the name " + name);
            }
            reader.space(true);
            if (rules.putIfAbsent(name, reader.either()) != null) {
                throw reader.refused("the rule " + name + " is defined twice");
            }
            if (reader.at < text.length() && text.charAt(reader.at) != '\n' && text.charAt(reader.at) != '\r') {
                throw reader.refused("expected the end of the rule");
            }
            reader.space(true);
        }
        return rules;
    }

    private GrammarNode either() {
        if (++depth > MAX_DEPTH) {
            throw refused("groups nest deeper than " + MAX_DEPTH);
        }
        var choices = new ArrayList<GrammarNode>();
        choices.add(inOrder());
        while (accept("|")) {
            space(true);
            choices.add(inOrder());
        }
        depth--;
        return choices.size() == 1 ? choices.getFirst() : new GrammarNode.Either(choices);
    }

    private GrammarNode inOrder() {
        var parts = new ArrayList<GrammarNode>();
        for (var part = part(); part != null; part = part()) {
            parts.add(part);
        }
        return new GrammarNode.InOrder(parts);
    }

    /// The next part; null if the text at this place begins no part.
    private @Nullable GrammarNode part() {
        space(depth > 1);
        if (at >= text.length()) {
            return null;
        }
        char c = text.charAt(at);
        GrammarNode node;
        if (c == '"') {
            node = new GrammarNode.Terminal(literal());
        } else if (c == '[') {
            node = new GrammarNode.Terminal(Alphabet.PLAIN.one(bracket()));
        } else if (c == '.') {
            at++;
            node = new GrammarNode.Terminal(Alphabet.PLAIN.one(CharSet.ALL));
        } else if (c == '(') {
            at++;
            space(true);
            node = either();
            space(true);
            if (!accept(")")) {
                throw refused("a ( is not closed");
            }
        } else if (isNameCharacter(c)) {
            node = new GrammarNode.Rule(name());
        } else {
            return null;
        }
        return repeated(node);
    }

    private GrammarNode repeated(GrammarNode node) {
        space(depth > 1);
        if (accept("*")) {
            return new GrammarNode.Repeated(node, 0, -1);
        }
        if (accept("+")) {
            return new GrammarNode.Repeated(node, 1, -1);
        }
        if (accept("?")) {
            return new GrammarNode.Repeated(node, 0, 1);
        }
        if (!accept("{")) {
            return node;
        }
        int min = number();
        int max = accept(",") ? at < text.length() && text.charAt(at) == '}' ? -1 : number() : min;
        if (!accept("}") || max >= 0 && max < min) {
            throw refused("a repetition should be {n}, {n,} or {n,m}");
        }
        return new GrammarNode.Repeated(node, min, max);
    }

    private int number() {
        int from = at;
        while (at < text.length() && at < from + 9 && Character.digit(text.charAt(at), 10) >= 0) {
            at++;
        }
        if (from == at || Integer.parseInt(text.substring(from, at)) > MAX_COUNT) {
            throw refused("expected a number from 0 to " + MAX_COUNT);
        }
        return Integer.parseInt(text.substring(from, at));
    }

    private Regex literal() {
        at++;
        var content = new StringBuilder();
        while (!accept("\"")) {
            content.appendCodePoint(character("a \" is not closed"));
        }
        return content.isEmpty() ? Regex.EMPTY : Regex.text(content.toString());
    }

    private CharSet bracket() {
        at++;
        boolean negative = accept("^");
        var set = CharSet.NONE;
        while (!accept("]")) {
            int first = character("a [ is not closed");
            int last = first;
            if (at + 1 < text.length() && text.charAt(at) == '-' && text.charAt(at + 1) != ']') {
                at++;
                last = character("a [ is not closed");
            }
            if (last < first) {
                throw refused("the ends of a range are out of order");
            }
            set = set.or(CharSet.range(first, last));
        }
        return negative ? set.not() : set;
    }

    private int character(String atEnd) {
        if (at >= text.length()) {
            throw refused(atEnd);
        }
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        if (c != '\\') {
            return c;
        }
        if (at >= text.length()) {
            throw refused(atEnd);
        }
        char escape = text.charAt(at++);
        return switch (escape) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'x' -> hex(2);
            case 'u' -> hex(4);
            case 'U' -> hex(8);
            case '\\', '"', '[', ']', '-', '^' -> escape;
            default -> throw refused("the escape \\" + escape + " is not known");
        };
    }

    private int hex(int length) {
        if (at + length > text.length() || !text.substring(at, at + length).matches("[0-9A-Fa-f]+")
                || Long.parseLong(text.substring(at, at + length), 16) > Character.MAX_CODE_POINT) {
            throw refused("an escape needs " + length + " hexadecimal digits that name a character");
        }
        int value = Integer.parseInt(text.substring(at, at + length), 16);
        at += length;
        return value;
    }

    private String name() {
        int from = at;
        while (at < text.length() && isNameCharacter(text.charAt(at))) {
            at++;
        }
        if (from == at) {
            throw refused("expected the name of a rule");
        }
        return text.substring(from, at);
    }

    private static boolean isNameCharacter(char c) {
        return c < 0x80 && Character.isLetterOrDigit(c) || c == '-' || c == '_';
    }

    /// Skips blanks and comments.
    ///
    /// @param lines whether to skip line ends, too
    private void space(boolean lines) {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '#') {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (c == ' ' || c == '\t' || lines && (c == '\n' || c == '\r')) {
                at++;
            } else {
                return;
            }
        }
    }

    private boolean accept(String expected) {
        boolean found = text.startsWith(expected, at);
        at += found ? expected.length() : 0;
        return found;
    }

    private ConstraintException refused(String what) {
        long line = text.substring(0, Math.min(at, text.length())).chars().filter(c -> c == '\n').count() + 1;
        return new ConstraintException("grammar: " + what + " (line " + line + ")");
    }
}
