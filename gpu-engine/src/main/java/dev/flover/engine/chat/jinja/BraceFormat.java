package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Python's `template.format(...)`, with fields such as `{}`, `{0}` and `{name.part[key]!r:spec}`.
final class BraceFormat {
    private static final Pattern SPEC = Pattern.compile(
            "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d+)?([,_])?(?:\\.(\\d+))?([bcdeEfFgGnosxX%])?", Pattern.DOTALL);
    private static final Pattern PART = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)\\]");

    private final String template;
    private final List<Object> positional;
    private final Map<?, ?> named;
    private final boolean escapes;
    private int automatic;

    /// @param escapes whether inserted text that is not marked safe is escaped for HTML
    BraceFormat(String template, List<Object> positional, Map<?, ?> named, boolean escapes) {
        this.template = template;
        this.positional = positional;
        this.named = named;
        this.escapes = escapes;
    }

    String write() {
        return write(template, 2);
    }

    private String write(String text, int nesting) {
        var out = new StringBuilder();
        for (int at = 0; at < text.length(); ) {
            char c = text.charAt(at);
            boolean doubled = at + 1 < text.length() && text.charAt(at + 1) == c;
            if ((c == '{' || c == '}') && doubled) {
                out.append(c);
                at += 2;
            } else if (c == '{') {
                int end = end(text, at + 1);
                out.append(field(text.substring(at + 1, end), nesting));
                at = end + 1;
            } else if (c == '}') {
                throw new JinjaException("the template formats with a single '}'");
            } else {
                out.append(c);
                at++;
            }
            Budget.requireLength(out.length());
        }
        return out.toString();
    }

    private static int end(String text, int from) {
        int depth = 1;
        for (int i = from; i < text.length(); i++) {
            depth += text.charAt(i) == '{' ? 1 : text.charAt(i) == '}' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw new JinjaException("the template formats with a '{' that does not end");
    }

    private String field(String field, int nesting) {
        if (nesting == 0) {
            throw new JinjaException("the template formats with fields nested more than two deep");
        }
        int colon = field.indexOf(':');
        String name = colon < 0 ? field : field.substring(0, colon);
        String spec = colon < 0 ? "" : write(field.substring(colon + 1), nesting - 1);
        int mark = name.indexOf('!');
        Object value = value(mark < 0 ? name : name.substring(0, mark));
        if (mark >= 0) {
            value = switch (name.substring(mark + 1)) {
                case "s" -> Values.text(value);
                case "r", "a" -> Values.repr(value);
                default -> throw new JinjaException("the template formats with a conversion that does not exist");
            };
        }
        String text = formatted(value, spec);
        return escapes && !(value instanceof Markup) ? Markup.escape(text) : text;
    }

    private @Nullable Object value(String path) {
        var parts = PART.matcher(path);
        int end = parts.find() ? parts.start() : path.length();
        String first = path.substring(0, end);
        Object value;
        if (first.isEmpty() || first.matches("\\d{1,6}")) {
            int index = first.isEmpty() ? automatic++ : Integer.parseInt(first);
            if (index >= positional.size()) {
                throw new JinjaException("the template formats fewer values than its format asks for");
            }
            value = positional.get(index);
        } else if (named.containsKey(first)) {
            value = named.get(first);
        } else {
            throw new JinjaException("the template formats " + first + ", for which it passes no value");
        }
        parts.reset();
        while (parts.find()) {
            String key = parts.group(1) != null ? parts.group(1) : parts.group(2);
            value = parts.group(1) != null ? Items.attribute(value, key)
                    : Items.item(value, key.matches("\\d{1,9}") ? (Object) Long.valueOf(key) : key);
        }
        return value;
    }

    private static String formatted(@Nullable Object value, String spec) {
        if (spec.isEmpty()) {
            return Values.text(value);
        }
        var parts = SPEC.matcher(spec);
        if (!parts.matches()) {
            throw new JinjaException("the template formats with '" + spec + "', which is not supported");
        }
        boolean numeric = Values.isNumber(value) && !(value instanceof Boolean && parts.group(9) == null);
        boolean zero = parts.group(5) != null;
        char fill = parts.group(1) != null ? parts.group(1).charAt(0) : zero ? '0' : ' ';
        char align = parts.group(2) != null ? parts.group(2).charAt(0) : zero ? '=' : numeric ? '>' : '<';
        int width = parts.group(6) == null ? 0 : PercentFormat.bounded(parts.group(6));
        int precision = parts.group(8) == null ? -1 : PercentFormat.bounded(parts.group(8));
        String text = numeric
                ? number(value, parts.group(9), precision, parts.group(7), parts.group(4) != null)
                : cut(Values.text(value), parts.group(9), precision);
        if (numeric && parts.group(3) != null && !parts.group(3).equals("-") && !text.startsWith("-")) {
            text = parts.group(3) + text;
        }
        return padded(text, align, width, fill, numeric);
    }

    private static String padded(String text, char align, int width, char fill, boolean numeric) {
        int missing = width - text.codePointCount(0, text.length());
        if (missing <= 0 || align != '<' && align != '^' && align != '>' && !numeric) {
            return text;
        }
        String padding = Character.toString(fill).repeat(missing);
        boolean signed = !text.isEmpty() && "+- ".indexOf(text.charAt(0)) >= 0;
        return switch (align) {
            case '<' -> text + padding;
            case '^' -> padding.substring(0, missing / 2) + text + padding.substring(missing / 2);
            case '=' -> signed ? text.charAt(0) + padding + text.substring(1) : padding + text;
            default -> padding + text;
        };
    }

    private static String cut(String text, String kind, int precision) {
        if (kind != null && !kind.equals("s")) {
            throw new JinjaException("the template formats text as a number");
        }
        return precision < 0 ? text : text.substring(0, text.offsetByCodePoints(
                0, Math.min(precision, text.codePointCount(0, text.length()))));
    }

    private static String number(@Nullable Object value, String kind, int precision, String group, boolean prefixed) {
        String text = switch (kind) {
            case null -> value instanceof Double number
                    ? precision < 0 ? Values.repr(number) : PercentFormat.real('g', number, precision)
                    : Long.toString(Values.integer(value));
            case "d", "n" -> Long.toString(Values.integer(value));
            case "b" -> (prefixed ? "0b" : "") + Long.toBinaryString(Values.integer(value));
            case "o" -> (prefixed ? "0o" : "") + Long.toOctalString(Values.integer(value));
            case "x" -> (prefixed ? "0x" : "") + Long.toHexString(Values.integer(value));
            case "X" -> (prefixed ? "0X" : "") + Long.toHexString(Values.integer(value)).toUpperCase(Locale.ROOT);
            case "c" -> PercentFormat.character(Values.integer(value));
            case "%" -> PercentFormat.real('f', Values.number(value) * 100, precision < 0 ? 6 : precision) + "%";
            case "s" -> throw new JinjaException("the template formats a number as text");
            default -> PercentFormat.real(kind.charAt(0), Values.number(value), precision < 0 ? 6 : precision);
        };
        return group == null ? text : grouped(text, group);
    }

    private static String grouped(String text, String group) {
        int start = text.startsWith("-") ? 1 : 0;
        int end = start;
        while (end < text.length() && Character.isDigit(text.charAt(end))) {
            end++;
        }
        var out = new StringBuilder(text);
        for (int at = end - 3; at > start; at -= 3) {
            out.insert(at, group);
        }
        return out.toString();
    }
}
