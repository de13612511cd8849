package dev.flover.engine.constraint.grammar;

import dev.flover.engine.constraint.regex.Regex;
import java.util.List;

/// The right side of a rule.
sealed interface GrammarNode {
    /// A text of a regular language.
    record Terminal(Regex regex) implements GrammarNode {}

    record Rule(String name) implements GrammarNode {}

    record InOrder(List<GrammarNode> parts) implements GrammarNode {}

    record Either(List<GrammarNode> choices) implements GrammarNode {}

    /// @param max -1 for no end
    record Repeated(GrammarNode body, int min, int max) implements GrammarNode {}
}
