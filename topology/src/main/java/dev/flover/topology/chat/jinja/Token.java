package dev.flover.topology.chat.jinja;

/// A word inside a tag.
///
/// @param text a string's value, otherwise as written
record Token(Kind kind, String text, int line) {
    enum Kind {
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean isOperator(String operator) {
        return kind == Kind.OPERATOR && text.equals(operator);
    }

    boolean isName(String name) {
        return kind == Kind.NAME && text.equals(name);
    }
}
