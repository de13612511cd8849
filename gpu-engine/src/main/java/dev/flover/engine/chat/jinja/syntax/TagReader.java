package dev.flover.engine.chat.jinja.syntax;

import java.util.List;

/// Reads the tokens of one tag after the other.
abstract sealed class TagReader permits ExpressionParser {
    private List<Token> tokens = List.of();
    private int at;

    final void open(List<Token> inside) {
        tokens = inside;
        at = 0;
    }

    final Token peek() {
        return tokens.get(at);
    }

    final Token next() {
        var token = tokens.get(at);
        if (token.kind() != Token.Kind.END) {
            at++;
        }
        return token;
    }

    final boolean accept(String operator) {
        boolean found = peek().isOperator(operator);
        at += found ? 1 : 0;
        return found;
    }

    final boolean acceptName(String name) {
        boolean found = peek().isName(name);
        at += found ? 1 : 0;
        return found;
    }

    final void expect(String operator) {
        if (!accept(operator)) {
            throw unexpected(operator);
        }
    }

    final void expectName(String name) {
        if (!acceptName(name)) {
            throw unexpected(name);
        }
    }

    final String name() {
        if (peek().kind() != Token.Kind.NAME) {
            throw unexpected("a name");
        }
        return next().text();
    }

    final JinjaException unexpected(String expected) {
        return unexpected(peek(), expected);
    }

    static JinjaException unexpected(Token token, String expected) {
        String found = token.kind() == Token.Kind.END ? "the end of the tag" : token.text();
        return new JinjaException("the template has " + found + " where " + expected + " was expected")
                .in(token.line());
    }

    /// The token behind the current one; the current one must not be the end of the tag.
    final Token second() {
        return tokens.get(at + 1);
    }
}
