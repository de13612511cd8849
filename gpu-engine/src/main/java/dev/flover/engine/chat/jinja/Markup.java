package dev.flover.engine.chat.jinja;

import org.jspecify.annotations.Nullable;

/// Text that is marked safe for HTML: text that is joined to it is escaped, as Python's `markupsafe` does. Some chat
/// templates join safe text and JSON, and their models were trained on the escaped result.
record Markup(String text) {
    static String escape(String text) {
        return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    /// The value itself where it is marked safe; otherwise its text, escaped.
    static Markup of(@Nullable Object value) {
        return value instanceof Markup markup ? markup : new Markup(escape(Values.text(value)));
    }

    /// Removes the mark from safe text; returns any other value unchanged.
    static @Nullable Object plain(@Nullable Object value) {
        return value instanceof Markup(String text) ? text : value;
    }
}
