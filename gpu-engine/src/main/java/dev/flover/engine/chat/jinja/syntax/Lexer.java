package dev.flover.engine.chat.jinja.syntax;

import java.util.ArrayList;
import java.util.List;

/// Cuts a template into text, outputs and blocks, by the white-space rules that chat templates are written for:
/// `trim_blocks` (the newline after a block is removed), `lstrip_blocks` (blanks between the start of a line and a
/// block are removed), a minus sign inside a tag (all white space on that side is removed), and a plus sign (none is
/// removed). A newline at the end of the template is removed, too.
final class Lexer {
    private static final int MAX_TEMPLATE = 1 << 20;
    private static final String[] OPERATORS = {
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", "<", ">", "=",
        ".", ":", "|", ",", ";"
    };

    /// A part of a template between two tags, or one tag.
    sealed interface Segment {
        record Text(String text) implements Segment {}

        /// `{{ ... }}`
        record Output(List<Token> tokens) implements Segment {}

        /// `{% ... %}`
        record Block(List<Token> tokens) implements Segment {}
    }

    private final String source;
    private final List<Segment> segments = new ArrayList<>();
    private int at;
    private boolean startsLine = true;
    private int line = 1;
    private int lineKnownAt;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Segment> segments(String template) {
        if (template.length() > MAX_TEMPLATE) {
            throw new JinjaException("a template of " + template.length() + " characters is longer than "
                    + MAX_TEMPLATE);
        }
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        var lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        while (lexer.at < lexer.source.length()) {
            lexer.next();
        }
        return lexer.segments;
    }

    private void next() {
        int tag = nextTag(at);
        if (tag < 0) {
            text(source.substring(at));
            at = source.length();
            return;
        }
        char kind = source.charAt(tag + 1);
        char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
        boolean signed = sign == '-' || sign == '+' && kind != '{';
        text(before(source.substring(at, tag), kind, sign));
        at = tag + (signed ? 3 : 2);
        switch (kind) {
            case '#' -> comment(tag);
            case '{' -> segments.add(new Segment.Output(tokens("}}", tag)));
            default -> block(tag);
        }
    }

    private int nextTag(int from) {
        for (int i = source.indexOf('{', from); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private void text(String text) {
        if (!text.isEmpty()) {
            segments.add(new Segment.Text(text));
        }
    }

    /// Returns the part of the text before a tag that the white-space rules keep.
    private String before(String text, char kind, char sign) {
        if (sign == '-') {
            return text.stripTrailing();
        }
        if (kind == '{' || sign == '+') {
            return text;
        }
        int line = text.lastIndexOf('\n') + 1;
        return (line > 0 || startsLine) && text.substring(line).isBlank() ? text.substring(0, line) : text;
    }

    private void comment(int tag) {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw new JinjaException("the comment in line " + line(tag) + " of the template does not end");
        }
        char sign = end > at ? source.charAt(end - 1) : ' ';
        at = end + 2;
        after(sign, true);
    }

    private void block(int tag) {
        var tokens = tokens("%}", tag);
        if (!tokens.getFirst().isName("raw")) {
            segments.add(new Segment.Block(tokens));
            return;
        }
        for (int open = source.indexOf("{%", at); open >= 0; open = source.indexOf("{%", open + 1)) {
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            int name = open + (sign == '-' || sign == '+' ? 3 : 2);
            int word = name;
            while (word < source.length() && Character.isWhitespace(source.charAt(word))) {
                word++;
            }
            if (source.startsWith("endraw", word)) {
                text(before(source.substring(at, open), '%', sign));
                at = name;
                tokens("%}", open);
                return;
            }
        }
        throw new JinjaException("the raw block in line " + line(tag) + " of the template does not end");
    }

    /// Skips the white space after a tag that the white-space rules remove.
    private void after(char sign, boolean trims) {
        int start = at;
        if (sign == '-') {
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                at++;
            }
        } else if (trims && sign != '+' && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
        startsLine = at > start && source.charAt(at - 1) == '\n';
    }

    /// Reads the tokens up to the end of a tag. A brace that closes a dictionary does not end the tag.
    private List<Token> tokens(String end, int tag) {
        var tokens = new ArrayList<Token>();
        int open = 0;
        while (true) {
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                at++;
            }
            if (at >= source.length()) {
                throw new JinjaException("the tag in line " + line(tag) + " of the template does not end");
            }
            char sign = source.charAt(at);
            boolean signed = (sign == '-' || sign == '+' && end.equals("%}")) && source.startsWith(end, at + 1);
            if (open == 0 && (signed || source.startsWith(end, at))) {
                at += end.length() + (signed ? 1 : 0);
                after(signed ? sign : ' ', end.equals("%}"));
                tokens.add(new Token(Token.Kind.END, "", line(at)));
                return tokens;
            }
            var token = token();
            if (token.kind() == Token.Kind.OPERATOR) {
                open += "([{".contains(token.text()) ? 1 : ")]}".contains(token.text()) ? -1 : 0;
            }
            tokens.add(token);
        }
    }

    private Token token() {
        char c = source.charAt(at);
        if (c == '"' || c == '\'') {
            return string(c);
        }
        int line = line(at);
        if (Character.isDigit(c)) {
            return number(line);
        }
        if (Character.isUnicodeIdentifierStart(c) || c == '_') {
            int start = at;
            while (at < source.length()
                    && (Character.isUnicodeIdentifierPart(source.charAt(at)) || source.charAt(at) == '_')) {
                at++;
            }
            return new Token(Token.Kind.NAME, source.substring(start, at), line);
        }
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                at += operator.length();
                return new Token(Token.Kind.OPERATOR, operator, line);
            }
        }
        throw new JinjaException("the character " + c + " in line " + line + " of the template is not expected there");
    }

    private Token number(int line) {
        int start = at;
        skipDigits();
        boolean whole = true;
        if (at + 1 < source.length() && source.charAt(at) == '.' && Character.isDigit(source.charAt(at + 1))) {
            whole = false;
            at++;
            skipDigits();
        }
        int exponent = at + 1;
        if (at < source.length() && (source.charAt(at) | 0x20) == 'e') {
            if (exponent < source.length() && "+-".indexOf(source.charAt(exponent)) >= 0) {
                exponent++;
            }
            if (exponent < source.length() && Character.isDigit(source.charAt(exponent))) {
                whole = false;
                at = exponent;
                skipDigits();
            }
        }
        String digits = source.substring(start, at).replace("_", "");
        return new Token(whole ? Token.Kind.INTEGER : Token.Kind.FLOAT, digits, line);
    }

    private void skipDigits() {
        while (at < source.length() && (Character.isDigit(source.charAt(at)) || source.charAt(at) == '_')) {
            at++;
        }
    }

    private Token string(char quote) {
        int start = at++;
        var value = new StringBuilder();
        while (at < source.length() && source.charAt(at) != quote) {
            char c = source.charAt(at++);
            if (c == '\\' && at < source.length()) {
                escape(value);
            } else {
                value.append(c);
            }
        }
        if (at >= source.length()) {
            throw new JinjaException("the string in line " + line(start) + " of the template does not end");
        }
        at++;
        return new Token(Token.Kind.STRING, value.toString(), line(start));
    }

    private void escape(StringBuilder value) {
        char c = source.charAt(at++);
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'v' -> value.append('\u000B');
            case 'a' -> value.append('\u0007');
            case '0' -> value.append('\0');
            case '\\', '\'', '"' -> value.append(c);
            case '\n' -> { }
            case 'x' -> value.appendCodePoint(hexadecimal(2));
            case 'u' -> value.appendCodePoint(hexadecimal(4));
            case 'U' -> value.appendCodePoint(hexadecimal(8));
            default -> value.append('\\').append(c);
        }
    }

    private int hexadecimal(int digits) {
        int end = Math.min(source.length(), at + digits);
        try {
            int codePoint = Integer.parseInt(source.substring(at, end), 16);
            if (end - at == digits && Character.isValidCodePoint(codePoint)) {
                at = end;
                return codePoint;
            }
        } catch (NumberFormatException _) {
            // refused below, with the line
        }
        throw new JinjaException("a string in line " + line(at)
                + " of the template has an escape that is no character");
    }

    /// The line of the template, from 1, that a position is in. Faster where positions ascend from call to call.
    private int line(int position) {
        if (position < lineKnownAt) {
            line = 1;
            lineKnownAt = 0;
        }
        for (; lineKnownAt < Math.min(position, source.length()); lineKnownAt++) {
            line += source.charAt(lineKnownAt) == '\n' ? 1 : 0;
        }
        return line;
    }
}
