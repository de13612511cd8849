<<<<<<<< HEAD:topology/src/main/java/dev/flover/topology/chat/jinja/syntax/Token.java
package dev.flover.engine.chat.jinja.syntax;
|||||||| parent of 2edd6627 (Let a matrix carry its role, number the kinds of operation once, and put chat templates beside the tokenizer):topology/src/main/java/dev/flover/topology/chat/jinja/Token.java
package dev.flover.engine.chat.jinja;
========
package dev.flover.engine.chat.jinja;
>>>>>>>> 2edd6627 (Let a matrix carry its role, number the kinds of operation once, and put chat templates beside the tokenizer):gpu-engine/src/main/java/dev/flover/engine/chat/jinja/Token.java

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
