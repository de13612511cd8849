package dev.flover.engine.constraint;

import java.util.List;

/// The form that an answer must have, as the client wrote it, before it is compiled.
public sealed interface ConstraintSource {
    /// JSON that a schema accepts.
    ///
    /// @param text   a JSON Schema of draft 2020-12; keywords of earlier drafts are also understood
    /// @param spaced whether white space may stand between JSON tokens; otherwise the JSON is compact
    record JsonSchema(String text, boolean spaced) implements ConstraintSource {}

    /// A text that matches a regular expression of ECMA-262 from its first to its last character.
    record Pattern(String text) implements ConstraintSource {}

    /// Exactly one of the given texts.
    record Choices(List<String> texts) implements ConstraintSource {
        public Choices {
            texts = List.copyOf(texts);
        }
    }

    /// A text that a context-free grammar derives, written in GBNF.
    record Grammar(String text) implements ConstraintSource {}

    /// Exactly this text. Where it spells a control token of the vocabulary, the answer must contain that token.
    record Exact(String text) implements ConstraintSource {}

    /// All of the parts, one directly after the other.
    record InOrder(List<ConstraintSource> parts) implements ConstraintSource {
        public InOrder {
            parts = List.copyOf(parts);
        }

        public static InOrder of(ConstraintSource... parts) {
            return new InOrder(List.of(parts));
        }
    }

    /// Any one of the choices.
    record OneOf(List<ConstraintSource> choices) implements ConstraintSource {
        public OneOf {
            choices = List.copyOf(choices);
        }
    }

    /// One or more occurrences of the body.
    ///
    /// @param separator stands between two occurrences
    record Repeated(ConstraintSource body, ConstraintSource separator) implements ConstraintSource {}

    /// A part with a name: error messages about the part begin with this name.
    record Named(String name, ConstraintSource source) implements ConstraintSource {}
}
