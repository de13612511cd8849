package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Jinja's tests, which are written `value is name(...)`.
final class Tests {
    private Tests() {}

    static boolean holds(String name, @Nullable Object value, Arguments arguments) {
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == null;
            case "string" -> value instanceof String || value instanceof Markup;
            case "escaped" -> value instanceof Markup;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "number" -> Values.isNumber(value);
            case "mapping" -> value instanceof Map<?, ?>;
            case "sequence" -> isSequence(value);
            case "iterable" -> isSequence(value) || value instanceof Generated;
            case "callable" -> value instanceof Callable;
            case "filter" -> Filters.isKnown(Values.string(value));
            case "test" -> isKnown(Values.string(value));
            case "even" -> Math.floorMod(Values.integer(value), 2) == 0;
            case "odd" -> Math.floorMod(Values.integer(value), 2) == 1;
            case "divisibleby" -> Math.floorMod(Values.integer(value), nonZero(arguments)) == 0;
            case "lower" -> Values.text(value).equals(Values.text(value).toLowerCase(Locale.ROOT));
            case "upper" -> Values.text(value).equals(Values.text(value).toUpperCase(Locale.ROOT));
            case "in" -> Values.contains(arguments.require(0, "seq"), value);
            case "sameas" -> same(value, arguments.require(0, "other"));
            case "equalto", "eq", "==" -> Values.equal(value, arguments.require(0, "other"));
            case "ne", "!=" -> !Values.equal(value, arguments.require(0, "other"));
            case "lt", "lessthan", "<" -> Values.compare(value, arguments.require(0, "other")) < 0;
            case "le", "<=" -> Values.compare(value, arguments.require(0, "other")) <= 0;
            case "gt", "greaterthan", ">" -> Values.compare(value, arguments.require(0, "other")) > 0;
            case "ge", ">=" -> Values.compare(value, arguments.require(0, "other")) >= 0;
            default -> throw new JinjaException("the template uses the test " + name + ", which is not supported");
        };
    }

    private static boolean isSequence(@Nullable Object value) {
        return value instanceof String || value instanceof Markup || value instanceof List<?>
                || value instanceof Map<?, ?> || value instanceof Undefined;
    }

    /// Python's `is` between two values: values of different kinds are never identical, so that 1 is not true; lists
    /// and dictionaries are compared by reference.
    private static boolean same(@Nullable Object value, @Nullable Object other) {
        boolean kinds = value == null ? other == null : other != null && value.getClass() == other.getClass();
        return kinds && (value instanceof List<?> || value instanceof Map<?, ?> ? value == other
                : Values.equal(value, other));
    }

    static boolean isKnown(String name) {
        try {
            holds(name, new Undefined(name), Arguments.NONE);
            return true;
        } catch (JinjaException unknown) {
            return !unknown.getMessage().contains("which is not supported");
        }
    }

    private static long nonZero(Arguments arguments) {
        long divisor = Values.integer(arguments.require(0, "num"));
        if (divisor == 0) {
            throw new JinjaException("the template divides by zero");
        }
        return divisor;
    }
}
