package dev.flover.topology.chat.jinja;

import java.util.List;
import java.util.Map;

/// Something that is carried out.
sealed interface Statement {
    /// A tag in a line of the template; what goes wrong in it is said to be there.
    record Located(int line, Statement statement) implements Statement {}

    record Text(String text) implements Statement {}

    record Output(Expression value) implements Statement {}

    /// The body of the first branch whose condition holds.
    record If(List<Branch> branches, List<Statement> otherwise) implements Statement {
        record Branch(Expression condition, List<Statement> body) {}
    }

    /// @param targets   names that an element is unpacked to
    /// @param condition null: every element
    /// @param recursive whether the body may call `loop(...)` to loop over something inside
    record For(
            List<String> targets,
            Expression iterated,
            Expression condition,
            boolean recursive,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    record Assign(List<String> targets, Expression value) implements Statement {}

    /// `{% set namespace.name = value %}`
    record AssignAttribute(String namespace, String name, Expression value) implements Statement {}

    /// `{% set name | filter %}...{% endset %}`
    ///
    /// @param namespace null, or whose part `name` is
    /// @param filters   of the body, [#CAPTURED]
    record Capture(String namespace, String name, Expression filters, List<Statement> body) implements Statement {}

    /// What a body has printed, where filters are applied to it.
    Expression CAPTURED = new Expression.Name(" captured");

    /// `{% filter upper %}...{% endfilter %}`; the filters are of [#CAPTURED].
    record Filtered(Expression filters, List<Statement> body) implements Statement {}

    /// `{% with a = 1 %}...{% endwith %}`
    record With(List<Map.Entry<List<String>, Expression>> values, List<Statement> body) implements Statement {}

    /// @param defaults   of the parameters that have one
    /// @param takesMore  whether the body uses `varargs`: more values than it has parameters
    /// @param takesNamed whether the body uses `kwargs`: values by names that it does not have
    record Macro(
            String name,
            List<String> parameters,
            Map<String, Expression> defaults,
            List<Statement> body,
            boolean takesMore,
            boolean takesNamed)
            implements Statement {}

    /// `{% call(...) macro(...) %}...{% endcall %}`: the macro may print the body by `caller(...)`.
    record CallBlock(Macro caller, Expression.Call call) implements Statement {}

    /// A body that is carried out in a scope of its own (`{% generation %}` marks what a model said, for training).
    record Group(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}
}
