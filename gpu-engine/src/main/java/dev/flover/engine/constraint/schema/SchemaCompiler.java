package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.json.ValuePlan;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Regex;
import java.util.function.Function;

/// The front of this package.
public final class SchemaCompiler {
    private SchemaCompiler() {}

    /// @param automata the automaton of a language; may hand out one for equal ones
    /// @param spaced   whether white space may stand between the tokens of JSON
    /// @throws ConstraintException if the schema cannot be used
    public static ValuePlan compile(String schema, Function<Regex, Dfa> automata, boolean spaced) {
        try {
            return Planner.plan(SchemaDocument.parse(schema), automata, spaced);
        } catch (NegationException e) {
            throw new ConstraintException("json_schema: oneOf, not or if is not supported here: " + e.getMessage(), e);
        }
    }
}
