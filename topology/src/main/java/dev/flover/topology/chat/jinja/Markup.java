package dev.flover.topology.chat.jinja;

/// Text that a template calls safe: what is added to it is escaped for HTML, as `markupsafe` does. Templates that join
/// safe text and JSON print it that way, and models were trained on it.
record Markup(String text) {
    static String escape(String text) {
        return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    /// Safe as it is, or made so.
    static Markup of(Object value) {
        return value instanceof Markup markup ? markup : new Markup(escape(Values.text(value)));
    }

    /// Values other than safe text, unchanged.
    static Object plain(Object value) {
        return value instanceof Markup(String text) ? text : value;
    }
}
