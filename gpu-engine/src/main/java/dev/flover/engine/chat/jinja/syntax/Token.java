package dev.flover.engine.chat.jinja.syntax;

/// A token inside a tag.
///
/// @param text a string's value without its quotes; for other kinds the characters in the template
/// @param line the line of the template, from 1
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
