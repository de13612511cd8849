package dev.flover.engine.tokenizer;

import java.util.List;

/// A parsed pattern.
sealed interface PatternNode {
    int UNLIMITED = Integer.MAX_VALUE;

    /// One code point of a set.
    record One(CodePointSet set) implements PatternNode {}

    /// As many code points of a set as possible.
    ///
    /// @param possessive whether none of them is ever given back
    record Run(CodePointSet set, int min, int max, boolean possessive) implements PatternNode {}

    record InOrder(List<PatternNode> parts) implements PatternNode {}

    /// The first that leads to a match.
    record Either(List<PatternNode> choices) implements PatternNode {}

    /// As often as possible.
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

    /// Whether it can match without consuming anything.
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
