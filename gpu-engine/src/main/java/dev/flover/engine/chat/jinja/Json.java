package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes JSON as Python's `json.dumps(value, ensure_ascii=False)` does, which is what `tojson` means in chat
/// templates.
final class Json {
    private static final int MAX_DEPTH = 64;

    private final StringBuilder out = new StringBuilder();
    private final @Nullable String indent;
    private final boolean sortsKeys;
    private final String comma;
    private final String colon;
    private final boolean ascii;

    /// @param indent the text by which each level of nesting is indented; null writes everything on one line
    /// @param ascii  whether characters outside ASCII are escaped as `\\uXXXX`
    Json(@Nullable String indent, boolean sortsKeys, String comma, String colon, boolean ascii) {
        this.ascii = ascii;
        this.indent = indent;
        this.sortsKeys = sortsKeys;
        this.comma = comma;
        this.colon = colon;
    }

    String write(@Nullable Object value) {
        write(value, 0);
        return out.toString();
    }

    private void write(@Nullable Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new JinjaException("the template writes JSON that is nested more than " + MAX_DEPTH + " deep");
        }
        switch (value) {
            case null -> out.append("null");
            case Boolean flag -> out.append(flag);
            case String text -> string(text);
            case Markup(String text) -> string(text);
            case Long number -> out.append(number);
            case Double number -> out.append(real(number));
            case List<?> list -> {
                open('[', list.isEmpty(), depth);
                for (var elements = list.iterator(); elements.hasNext(); ) {
                    write(elements.next(), depth + 1);
                    separate(elements, depth);
                }
                close(']', list.isEmpty(), depth);
            }
            case Map<?, ?> map -> {
                open('{', map.isEmpty(), depth);
                var entries = map.entrySet().stream();
                for (var each = (sortsKeys ? entries.sorted((a, b) -> Values.compare(a.getKey(), b.getKey())) : entries)
                        .iterator(); each.hasNext(); ) {
                    var entry = each.next();
                    string(key(entry.getKey()));
                    out.append(colon);
                    write(entry.getValue(), depth + 1);
                    separate(each, depth);
                }
                close('}', map.isEmpty(), depth);
            }
            default -> throw new JinjaException("the template writes " + Values.kind(value) + " as JSON");
        }
    }

    private static String real(double number) {
        return Double.isFinite(number) ? Values.repr(number)
                : Double.isNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    }

    private static String key(@Nullable Object key) {
        return switch (key) {
            case null -> "null";
            case Boolean flag -> flag.toString();
            case String text -> text;
            case Markup(String text) -> text;
            case Long number -> number.toString();
            case Double number -> real(number);
            default -> throw new JinjaException("the template writes " + Values.kind(key) + " as a key of JSON");
        };
    }

    private void open(char bracket, boolean empty, int depth) {
        out.append(bracket);
        if (!empty) {
            newLine(depth + 1);
        }
    }

    private void separate(Iterator<?> elements, int depth) {
        if (elements.hasNext()) {
            out.append(comma);
            newLine(depth + 1);
        }
    }

    private void close(char bracket, boolean empty, int depth) {
        if (!empty) {
            newLine(depth);
        }
        out.append(bracket);
    }

    private void newLine(int depth) {
        if (indent != null) {
            out.append('\n').append(indent.repeat(depth));
        }
    }

    private void string(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || ascii && c > '~') {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
