package dev.flover.topology.chat.jinja;

import java.util.List;
import java.util.Map;

/// Something that is carried out.
sealed interface Statement {
    record Text(String text) implements Statement {}

    record Output(Expression value) implements Statement {}

    /// The body of the first branch whose condition holds.
    record If(List<Branch> branches, List<Statement> otherwise) implements Statement {
        record Branch(Expression condition, List<Statement> body) {}
    }

    /// @param targets   names that an element is unpacked to
    /// @param condition null: every element
    record For(
            List<String> targets,
            Expression iterated,
            Expression condition,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    record Assign(List<String> targets, Expression value) implements Statement {}

    /// `{% set namespace.name = value %}`
    record AssignAttribute(String namespace, String name, Expression value) implements Statement {}

    /// `{% set name %}...{% endset %}`
    record Capture(String name, List<Statement> body) implements Statement {}

    /// @param defaults of the parameters that have one
    record Macro(String name, List<String> parameters, Map<String, Expression> defaults, List<Statement> body)
            implements Statement {}

    /// A body that is carried out as it stands (`{% generation %}` marks what a model said, for training).
    record Group(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}
}
