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

    /// Exactly this text. Markup that it spells is that token.
    record Exact(String text) implements ConstraintSource {}

    /// One part behind the other.
    record InOrder(List<ConstraintSource> parts) implements ConstraintSource {
        public InOrder {
            parts = List.copyOf(parts);
        }

        public static InOrder of(ConstraintSource... parts) {
            return new InOrder(List.of(parts));
        }
    }

    /// Any one of these.
    record OneOf(List<ConstraintSource> choices) implements ConstraintSource {
        public OneOf {
            choices = List.copyOf(choices);
        }
    }

    /// One or more of these.
    ///
    /// @param separator stands between two
    record Repeated(ConstraintSource body, ConstraintSource separator) implements ConstraintSource {}

    /// A part that what is wrong with it is told of by this name.
    record Named(String name, ConstraintSource source) implements ConstraintSource {}
}
