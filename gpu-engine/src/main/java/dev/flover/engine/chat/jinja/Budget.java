package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;

/// The limits of one rendering: evaluation steps, characters of text, and nesting depth. Templates come with model
/// files, which are untrusted.
final class Budget {
    private static final int MAX_STEPS = 2_000_000;
    private static final long MAX_CHARACTERS = 16 << 20;
    private static final int MAX_DEPTH = 400;

    private int steps;
    private long characters;
    private int depth;

    /// Counts the evaluation of one statement or expression.
    void step() {
        steps(1);
    }

    /// Counts work in proportion to a list's length.
    ///
    /// @throws JinjaException if the template takes too many steps
    void steps(long count) {
        if (count > MAX_STEPS - steps) {
            throw new JinjaException("the template takes more than " + MAX_STEPS + " steps");
        }
        steps += (int) count;
    }

    /// Counts characters of text that was produced, whether it is part of the output or an intermediate value.
    ///
    /// @throws JinjaException if the template produces too much text
    void characters(long count) {
        if (count > MAX_CHARACTERS - characters) {
            throw new JinjaException("the template makes more than " + MAX_CHARACTERS + " characters of text");
        }
        characters += count;
    }

    /// Refuses a text that would be too long, before memory is allocated for it.
    ///
    /// @throws JinjaException if the text would have more characters than a whole rendering may produce
    static void requireLength(double characters) {
        if (characters > MAX_CHARACTERS) {
            throw new JinjaException("the template makes a text of more than " + MAX_CHARACTERS + " characters");
        }
    }

    void enter() {
        if (++depth > MAX_DEPTH) {
            throw new JinjaException("the template is nested, or calls itself, more than " + MAX_DEPTH + " deep");
        }
    }

    void leave() {
        depth--;
    }
}
