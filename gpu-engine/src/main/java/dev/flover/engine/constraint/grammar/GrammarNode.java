package dev.flover.engine.constraint.grammar;

import dev.flover.engine.constraint.regex.Regex;
import java.util.List;

/// The right side of a grammar rule, as a syntax tree.
sealed interface GrammarNode {
    /// A terminal: a text that a regular expression matches.
    record Terminal(Regex regex) implements GrammarNode {}

    record Rule(String name) implements GrammarNode {}

    record InOrder(List<GrammarNode> parts) implements GrammarNode {}

    record Either(List<GrammarNode> choices) implements GrammarNode {}

    /// @param min the fewest occurrences of the body
    /// @param max the most occurrences of the body; -1 for no limit
    record Repeated(GrammarNode body, int min, int max) implements GrammarNode {}
}
