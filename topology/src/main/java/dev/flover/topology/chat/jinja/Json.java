package dev.flover.topology.chat.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Writes JSON as Python's `json.dumps(value, ensure_ascii=False)` does, which is what `tojson` means in chat
/// templates.
final class Json {
    private static final int MAX_DEPTH = 64;

    private final StringBuilder out = new StringBuilder();
    private final Integer indent;
    private final boolean sortsKeys;
    private final String comma;
    private final String colon;

    /// @param indent null: on one line
    Json(Integer indent, boolean sortsKeys, String comma, String colon) {
        this.indent = indent;
        this.sortsKeys = sortsKeys;
        this.comma = comma;
        this.colon = colon;
    }

    String write(Object value) {
        write(value, 0);
        return out.toString();
    }

    private void write(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new JinjaException("the template writes JSON that is nested more than " + MAX_DEPTH + " deep");
        }
        switch (value) {
            case null -> out.append("null");
            case Boolean flag -> out.append(flag);
            case String text -> string(text);
            case Long number -> out.append(number);
            case Double number -> out.append(Values.repr(number));
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
                    string(Values.text(entry.getKey()));
                    out.append(colon);
                    write(entry.getValue(), depth + 1);
                    separate(each, depth);
                }
                close('}', map.isEmpty(), depth);
            }
            default -> throw new JinjaException("the template writes " + Values.kind(value) + " as JSON");
        }
    }

    private void open(char bracket, boolean empty, int depth) {
        out.append(bracket);
        if (!empty) {
            newLine(depth + 1);
        }
    }

    private void separate(Iterator<?> elements, int depth) {
        if (elements.hasNext()) {
            out.append(indent == null ? comma : comma.stripTrailing());
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
            out.append('\n').append(" ".repeat(indent * depth));
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
                    if (c < ' ') {
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
