package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.json.ValuePlan;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Regex;
import java.util.function.Function;

/// Compiles a JSON Schema to the plan of its values. The only public class of this package.
public final class SchemaCompiler {
    private SchemaCompiler() {}

    /// @param schema   the text of the schema
    /// @param automata returns the automaton of a language, and may return the same one for equal expressions
    /// @param spaced   whether white space may stand between JSON tokens
    /// @throws ConstraintException if the schema cannot be used
    public static ValuePlan compile(String schema, Function<Regex, Dfa> automata, boolean spaced) {
        try {
            return Planner.plan(SchemaDocument.parse(schema), automata, spaced);
        } catch (NegationException e) {
            throw new ConstraintException("json_schema: oneOf, not or if is not supported here: " + e.getMessage(), e);
        }
    }
}
