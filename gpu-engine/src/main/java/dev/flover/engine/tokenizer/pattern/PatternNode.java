package dev.flover.engine.tokenizer.pattern;

import java.util.List;

/// The syntax tree of a pattern.
sealed interface PatternNode {
    int UNLIMITED = Integer.MAX_VALUE;

    /// One code point from a set.
    record One(CodePointSet set) implements PatternNode {}

    /// A greedy run of code points from a set.
    ///
    /// @param possessive whether the run never gives back a code point when the rest does not match
    record Run(CodePointSet set, int min, int max, boolean possessive) implements PatternNode {}

    record InOrder(List<PatternNode> parts) implements PatternNode {}

    /// The first choice that leads to a match.
    record Either(List<PatternNode> choices) implements PatternNode {}

    /// A greedy repetition.
    record Repeated(PatternNode body, int min, int max) implements PatternNode {}

    record LookAhead(PatternNode body, boolean negative) implements PatternNode {}

    record At(Place place) implements PatternNode {}

    enum Place {
        LINE_START,
        LINE_END,
        TEXT_START,
        TEXT_END,
        WORD_BOUNDARY,
        NO_WORD_BOUNDARY
    }

    /// Whether the node can match the empty text.
    default boolean mayBeEmpty() {
        return switch (this) {
            case One one -> false;
            case Run run -> run.min == 0;
            case InOrder order -> order.parts.stream().allMatch(PatternNode::mayBeEmpty);
            case Either either -> either.choices.stream().anyMatch(PatternNode::mayBeEmpty);
            case Repeated repeated -> repeated.min == 0 || repeated.body.mayBeEmpty();
            case LookAhead look -> true;
            case At at -> true;
        };
    }
}
