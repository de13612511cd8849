package dev.flover.engine.constraint.regex;

import java.util.List;

/// The syntax tree of a pattern of ECMA-262.
sealed interface PatternNode {
    record One(CharSet set) implements PatternNode {}

    record InOrder(List<PatternNode> parts) implements PatternNode {}

    record Either(List<PatternNode> choices) implements PatternNode {}

    /// @param max the most repetitions; -1 for no limit
    record Repeated(PatternNode body, int min, int max) implements PatternNode {}

    record Start() implements PatternNode {}

    record End() implements PatternNode {}

    record LookAhead(PatternNode body, boolean negative) implements PatternNode {}

    /// Whether the node contains no anchor and no look-ahead, so that it is a plain regular expression over characters.
    default boolean isPlain() {
        return switch (this) {
            case One one -> true;
            case InOrder order -> order.parts.stream().allMatch(PatternNode::isPlain);
            case Either either -> either.choices.stream().allMatch(PatternNode::isPlain);
            case Repeated repeated -> repeated.body.isPlain();
            case Start start -> false;
            case End end -> false;
            case LookAhead look -> false;
        };
    }
}
