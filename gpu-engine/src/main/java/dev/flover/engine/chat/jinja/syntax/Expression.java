package dev.flover.engine.chat.jinja.syntax;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An expression of a template, as the parser reads it.
public sealed interface Expression {
    /// @param value a string, number, boolean or null
    record Literal(@Nullable Object value) implements Expression {}

    record Name(String name) implements Expression {}

    /// `[a, b]` and `(a, b)`
    record Listing(List<Expression> elements, boolean isTuple) implements Expression {}

    record Dictionary(List<Map.Entry<Expression, Expression>> entries) implements Expression {}

    /// `target.name`
    record Attribute(Expression target, String name) implements Expression {}

    /// `target[key]`
    record Item(Expression target, Expression key) implements Expression {}

    /// `target[start:stop:step]`; each part may be null
    record Slice(
            Expression target, @Nullable Expression start, @Nullable Expression stop, @Nullable Expression step)
            implements Expression {}

    record Call(Expression target, Parameters parameters) implements Expression {}

    /// `target | name(...)`
    record Filtered(Expression target, String name, Parameters parameters) implements Expression {}

    /// `target is name(...)`
    record Tested(Expression target, String name, Parameters parameters) implements Expression {}

    record Not(Expression operand) implements Expression {}

    record Negated(Expression operand) implements Expression {}

    record And(Expression left, Expression right) implements Expression {}

    record Or(Expression left, Expression right) implements Expression {}

    record Arithmetic(String operator, Expression left, Expression right) implements Expression {}

    /// `a < b <= c`
    record Comparison(Expression first, List<Step> steps) implements Expression {
        public record Step(String operator, Expression operand) {}
    }

    /// `a if condition else b`; `otherwise` may be null
    record Conditional(Expression condition, Expression then, @Nullable Expression otherwise)
            implements Expression {}

    /// The arguments of a call as expressions, before they are evaluated.
    ///
    /// @param spread      the operand of `*values`, or null
    /// @param spreadNamed the operand of `**values`, or null
    record Parameters(
            List<Expression> positional, Map<String, Expression> named, @Nullable Expression spread,
            @Nullable Expression spreadNamed) {
        public static final Parameters NONE = new Parameters(List.of(), Map.of());

        public Parameters(List<Expression> positional, Map<String, Expression> named) {
            this(positional, named, null, null);
        }
    }
}
