package dev.flover.topology.chat.jinja;

/// What one rendering may use. Templates come with model files, which are untrusted.
final class Budget {
    private static final int MAX_STEPS = 2_000_000;
    private static final long MAX_CHARACTERS = 16 << 20;
    private static final int MAX_DEPTH = 400;

    private int steps;
    private long characters;
    private int depth;

    /// Counts one evaluation.
    void step() {
        steps(1);
    }

    /// Counts work that grows with a list.
    void steps(long count) {
        if (count > MAX_STEPS - steps) {
            throw new JinjaException("the template takes more than " + MAX_STEPS + " steps");
        }
        steps += (int) count;
    }

    /// Counts text that was made, in the output or on the way to it.
    void characters(long count) {
        if (count > MAX_CHARACTERS - characters) {
            throw new JinjaException("the template makes more than " + MAX_CHARACTERS + " characters of text");
        }
        characters += count;
    }

    /// Refuses to make a text that is too long, before it is made.
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
