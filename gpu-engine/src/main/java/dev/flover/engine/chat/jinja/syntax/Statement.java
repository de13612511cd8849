package dev.flover.engine.chat.jinja.syntax;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A statement of a template, as the parser reads it.
public sealed interface Statement {
    /// A statement with the line of its tag, which is added to the message of any error in it.
    record Located(int line, Statement statement) implements Statement {}

    record Text(String text) implements Statement {}

    record Output(Expression value) implements Statement {}

    /// Executes the body of the first branch whose condition holds, otherwise `otherwise`.
    record If(List<Branch> branches, List<Statement> otherwise) implements Statement {
        public record Branch(Expression condition, List<Statement> body) {}
    }

    /// `{% for targets in iterated if condition %}...{% else %}...{% endfor %}`
    ///
    /// @param targets   the names that each element is assigned or unpacked to
    /// @param condition selects elements; null selects every element
    /// @param recursive whether the body may call `loop(...)` to loop over something inside
    /// @param otherwise executed where there is no element
    record For(
            List<String> targets,
            Expression iterated,
            @Nullable Expression condition,
            boolean recursive,
            List<Statement> body,
            List<Statement> otherwise)
            implements Statement {}

    record Assign(List<String> targets, Expression value) implements Statement {}

    /// `{% set namespace.name = value %}`
    record AssignAttribute(String namespace, String name, Expression value) implements Statement {}

    /// `{% set name | filter %}...{% endset %}`
    ///
    /// @param namespace the namespace that `name` is set in; null where `name` is a variable
    /// @param filters   applied to the body's text, which they read as [#CAPTURED]
    record Capture(@Nullable String namespace, String name, Expression filters, List<Statement> body)
            implements Statement {}

    /// The name of the variable that holds the printed text of a body while filters are applied to it.
    Expression CAPTURED = new Expression.Name(" captured");

    /// `{% filter upper %}...{% endfilter %}`: the filters are applied to the body's text, which they read as
    /// [#CAPTURED].
    record Filtered(Expression filters, List<Statement> body) implements Statement {}

    /// `{% with a = 1 %}...{% endwith %}`
    record With(List<Map.Entry<List<String>, Expression>> values, List<Statement> body) implements Statement {}

    /// `{% macro name(parameters) %}...{% endmacro %}`
    ///
    /// @param defaults   the default values of the parameters that have one
    /// @param takesMore  whether the body reads `varargs`, so that calls may pass more values than there are parameters
    /// @param takesNamed whether the body reads `kwargs`, so that calls may pass values by names that no parameter has
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

    /// A body that is executed in a scope of its own. (`{% generation %}` is such a body; in training it marks the
    /// assistant's text.)
    record Group(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}
}
