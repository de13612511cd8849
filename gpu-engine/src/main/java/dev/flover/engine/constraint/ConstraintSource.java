package dev.flover.engine.constraint;

import java.util.List;

/// What an answer has to be, as a client says it.
public sealed interface ConstraintSource {
    /// Longest regular expression, choice or grammar.
    int MAX_CHARACTERS = 1 << 20;

    /// JSON that a schema accepts.
    ///
    /// @param text   draft 2020-12; what earlier drafts write otherwise is understood too
    /// @param spaced whether white space may stand between tokens; otherwise JSON is compact
    record JsonSchema(String text, boolean spaced) implements ConstraintSource {}

    /// A text that a regular expression of ECMA-262 matches as a whole.
    record Pattern(String text) implements ConstraintSource {}

    /// One of these texts.
    record Choices(List<String> texts) implements ConstraintSource {
        public Choices {
            texts = List.copyOf(texts);
        }
    }

    /// A text of a context-free grammar, in GBNF.
    record Grammar(String text) implements ConstraintSource {}
}
